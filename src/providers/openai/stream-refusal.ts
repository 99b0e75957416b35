import { isJsonObject, parseJson } from '../../core/json.ts';
import type { StreamRefusal } from '../provider.ts';
import { describeStreamError, parseError } from './parse-error.ts';
import { findFrameEnd, readPayload } from './sse-frame.ts';

/**
 * Reads the first event of a stream, comments before it left out; null where it is no error, or is not whole yet: then it
 * goes to the client as it comes. Without credentials.
 */
export function readStreamRefusal(chunk: Buffer, secrets: readonly string[]): StreamRefusal | null {
  const text = chunk.toString('latin1');
  // Without its first letter, because a search for `e` stops at every other byte.
  if (!text.includes('rror"')) return null;
  let frame = '';
  for (let start = 0, end = findFrameEnd(text, 0); end >= 0 && frame === ''; end = findFrameEnd(text, start)) {
    const payload = readPayload(text.slice(start, end));
    if (payload !== '') frame = payload;
    start = end;
  }
  const payload = Buffer.from(frame, 'latin1');
  const value = parseJson(payload.toString('utf8'));
  if (describeStreamError(value) === null) return null;
  const { message, type, param } = parseError(200, payload, secrets);
  return { status: readStatus(value), message, type, param };
}

/** Numbers as HTTP has them for failures, where upstreams put them. */
function readStatus(value: unknown): number | null {
  if (!isJsonObject(value)) return null;
  const error = isJsonObject(value.error) ? value.error : value;
  for (const given of [error.status, error.status_code, error.code, value.status, value.status_code, value.code]) {
    const status = typeof given === 'string' && /^\d{3}$/.test(given) ? Number(given) : given;
    if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  return null;
}
