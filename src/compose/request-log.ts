import { pino } from 'pino';
import { quoteName } from '../core/json-text.ts';
import type { LogRequest } from '../http/hooks/log-requests.ts';

export interface RequestLog {
  log: LogRequest;
  /** Hands over what has been gathered; for a timer, and for the end. */
  flush(): void;
  /** To be called when the logger's level has changed. */
  heedLevel(): void;
}

/** Handed over at once when this much has been gathered. */
const MAX_GATHERED_CHARACTERS = 32 * 1024;

/**
 * The line of each request, in the form and on the stream of the other log lines. Every call pays for it, so it is put
 * together by hand, which costs a fraction of a general serialiser, and lines are handed over by the hundred.
 */
export function createRequestLog(logger: pino.Logger, nowMs: () => number): RequestLog {
  const stream = (logger as unknown as Record<symbol, { write(line: string): void } | undefined>)[
    pino.symbols.streamSym
  ];
  let enabled = stream !== undefined && logger.isLevelEnabled('info');
  const level = logger.levels.values.info;
  const toIso = createIsoClock();
  let gathered: string[] = [];
  let characters = 0;

  const flush = (): void => {
    if (characters === 0) return;
    stream?.write(gathered.join(''));
    gathered = [];
    characters = 0;
  };
  return {
    flush,
    heedLevel() {
      enabled = stream !== undefined && logger.isLevelEnabled('info');
    },
    log({ method, route, status, durationMs, keyId, keyMask, requestId }) {
      if (!enabled) return;
      const line =
        `{"level":${level},"time":"${toIso(nowMs())}","method":"${method}","route":${quoteName(route)},` +
        `"status":${status},"duration_ms":${durationMs},"key_id":${quoteName(keyId)},"key_mask":${quoteName(keyMask)},` +
        `"request_id":"${requestId}","msg":"request"}\n`;
      gathered.push(line);
      characters += line.length;
      if (characters >= MAX_GATHERED_CHARACTERS) flush();
    },
  };
}

/** A busy millisecond has many lines; its text is made once. */
function createIsoClock(): (atMs: number) => string {
  let lastMs = Number.NaN;
  let text = '';
  return (atMs) => {
    if (atMs !== lastMs) {
      lastMs = atMs;
      text = new Date(atMs).toISOString();
    }
    return text;
  };
}
