import type { Deployment } from '../../core/model.ts';
import type { ModelCall } from '../provider.ts';
import type { MockStamp } from './mock-answer.ts';
import { buildMockContent } from './mock-content.ts';
import { assertNoMockFailure } from './mock-failure.ts';

/**
 * The same answer as a stream: one server-sent event for each buffer, the text word by word, then the frame with usage
 * (real upstreams are asked for it too, and the meter hides it where the client did not ask), then `[DONE]`.
 *
 * @throws GatewayError upstream_error when the mock_response stands for a failure
 */
export function mockStreamFrames(call: ModelCall, deployment: Deployment, stamp: MockStamp): Buffer[] {
  assertNoMockFailure(deployment);
  const { model, text, finishReason, choices, usage } = buildMockContent(call, deployment);
  const isChat = call.operation === 'chat';
  const head = {
    id: stamp.id,
    object: isChat ? 'chat.completion.chunk' : 'text_completion',
    created: stamp.createdSeconds,
    model,
  };
  const frames: string[] = [];
  const push = (rest: object): void => {
    frames.push(JSON.stringify({ ...head, ...rest }));
  };
  const pushChoice = (index: number, delta: { role?: string; content?: string }, finish: string | null): void => {
    const content = isChat ? { delta } : { text: delta.content ?? '' };
    push({ choices: [{ index, ...content, logprobs: null, finish_reason: finish }] });
  };
  for (let index = 0; index < choices; index += 1) {
    if (isChat) pushChoice(index, { role: 'assistant', content: '' }, null);
    for (const [word] of text.matchAll(/\s*\S+|\s+$/g)) pushChoice(index, { content: word }, null);
    pushChoice(index, {}, finishReason);
  }
  push({ choices: [], usage });
  frames.push('[DONE]');
  return frames.map((frame) => Buffer.from(`data: ${frame}\n\n`));
}
