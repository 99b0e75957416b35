import { callLog } from '../../core/__fixtures__/call-log.ts';
import type { CallFacts, CallLog } from '../../core/call-log.ts';
import { type LogPayload, writeLogPayload } from '../../core/log-payload.ts';

/** A record as sinks read it. */
export function payloadOf(facts: Partial<CallFacts> = {}, rest: Partial<CallLog> = {}): LogPayload {
  return JSON.parse(writeLogPayload(callLog(facts, rest), false)) as LogPayload;
}
