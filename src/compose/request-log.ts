import { pino } from 'pino';
import type { LogRequest } from '../http/hooks/log-requests.ts';

/**
 * The line of each request, in the form and on the stream of the other log lines. Put together by hand: the members are
 * known, and a general serialiser costs several times as much for a line that every call pays for.
 */
export function createRequestLog(logger: pino.Logger, nowMs: () => number): LogRequest {
  const stream = (logger as unknown as Record<symbol, { write(line: string): void }>)[pino.symbols.streamSym];
  if (stream === undefined || !logger.isLevelEnabled('info')) return () => {};
  const level = logger.levels.values.info;
  return ({ method, route, status, durationMs, keyId, keyMask, requestId }) => {
    stream.write(
      `{"level":${level},"time":"${new Date(nowMs()).toISOString()}","method":"${method}","route":${quote(route)},` +
        `"status":${status},"duration_ms":${durationMs},"key_id":${quote(keyId)},"key_mask":${quote(keyMask)},` +
        `"request_id":"${requestId}","msg":"request"}\n`,
    );
  };
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function quote(text: string | null): string {
  if (text === null) return 'null';
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
