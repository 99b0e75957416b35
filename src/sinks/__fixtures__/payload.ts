import { callLog } from '../../core/__fixtures__/call-log.ts';
import type { CallFacts, CallLog } from '../../core/call-log.ts';
import { JsonBytes } from '../../core/json-bytes.ts';
import type { LogPayload } from '../../core/log-payload.ts';
import { writeLogPayload } from '../../core/write-log-payload.ts';

/** A record as sinks read it. */
export function payloadOf(facts: Partial<CallFacts> = {}, rest: Partial<CallLog> = {}): LogPayload {
  const out = new JsonBytes();
  writeLogPayload(out, callLog(facts, rest), false);
  return JSON.parse(out.toString()) as LogPayload;
}
