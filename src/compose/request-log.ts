import { pino } from 'pino';
import { ascii, JsonBytes } from '../core/json-bytes.ts';
import type { LogRequest } from '../http/hooks/log-requests.ts';

export interface RequestLog {
  log: LogRequest;
  /** Hands over what has been gathered; for a timer, and for the end. */
  flush(): void;
  /** To be called when the logger's level has changed. */
  heedLevel(): void;
}

/** Handed over at once when this much has been gathered. */
const MAX_GATHERED_BYTES = 32 * 1024;

const TO_METHOD = ascii('","method":');
const TO_ROUTE = ascii(',"route":');
const TO_STATUS = ascii(',"status":');
const TO_DURATION = ascii(',"duration_ms":');
const TO_KEY_ID = ascii(',"key_id":');
const TO_KEY_MASK = ascii(',"key_mask":');
const TO_REQUEST_ID = ascii(',"request_id":');
const TO_END = ascii(',"msg":"request"}\n');

/**
 * The line of each request, in the form and on the stream of the other log lines. Every call pays for it, so it is put
 * together by hand, straight into bytes, and lines are handed over by the hundred.
 */
export function createRequestLog(logger: pino.Logger, nowMs: () => number): RequestLog {
  const stream = (logger as unknown as Record<symbol, { write(line: string): void } | undefined>)[
    pino.symbols.streamSym
  ];
  let enabled = stream !== undefined && logger.isLevelEnabled('info');
  const level = logger.levels.values.info;
  const toBeginning = createBeginnings(`{"level":${level},"time":"`);
  const gathered = new JsonBytes(2 * MAX_GATHERED_BYTES);

  const flush = (): void => {
    if (gathered.end === 0) return;
    stream?.write(gathered.toString());
    gathered.end = 0;
  };
  return {
    flush,
    heedLevel() {
      enabled = stream !== undefined && logger.isLevelEnabled('info');
    },
    log({ method, route, status, durationMs, keyId, keyMask, requestId }) {
      if (!enabled) return;
      gathered.raw(toBeginning(nowMs()));
      gathered.raw(TO_METHOD);
      gathered.text(method);
      gathered.raw(TO_ROUTE);
      gathered.name(route);
      gathered.raw(TO_STATUS);
      gathered.number(status);
      gathered.raw(TO_DURATION);
      gathered.scaled(Math.round(durationMs * 1_000), 3);
      gathered.raw(TO_KEY_ID);
      gathered.name(keyId);
      gathered.raw(TO_KEY_MASK);
      gathered.name(keyMask);
      gathered.raw(TO_REQUEST_ID);
      gathered.text(requestId);
      gathered.raw(TO_END);
      if (gathered.end >= MAX_GATHERED_BYTES) flush();
    },
  };
}

/** Level and time. A busy millisecond has many lines; how they begin is made once. */
function createBeginnings(level: string): (atMs: number) => Uint8Array {
  let lastMs = Number.NaN;
  let bytes = ascii('');
  return (atMs) => {
    if (atMs !== lastMs) {
      lastMs = atMs;
      bytes = ascii(level + new Date(atMs).toISOString());
    }
    return bytes;
  };
}
