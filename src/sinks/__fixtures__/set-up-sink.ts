import type { SinkAnswer, SinkRequest } from '../send-http.ts';
import type { Sink } from '../sink.ts';
import type { SinkKind } from '../sink-kind.ts';
import { createSinkVars } from '../sink-vars.ts';

export interface SinkUnderTest {
  sink: Sink;
  /** What it has sent so far. */
  requests: SinkRequest[];
  /** What it is answered; to be changed by a test. */
  answer: SinkAnswer;
}

/** A sink whose requests go nowhere. Throws what `create` throws. */
export function setUpSink(
  kind: SinkKind,
  own: Record<string, string>,
  environment: Record<string, string> = {},
): SinkUnderTest {
  const requests: SinkRequest[] = [];
  const answer: SinkAnswer = { status: 200, text: '', headers: {} };
  const send = async (request: SinkRequest) => {
    requests.push(request);
    return answer;
  };
  return { sink: kind.create(createSinkVars(own, environment), { send, sendGuarded: send, nowMs: () => 0 }), requests, answer };
}
