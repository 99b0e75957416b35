import { isJsonObject } from '../../core/json.ts';
import type { Deployment } from '../../core/model.ts';
import type { ModelCall } from '../provider.ts';
import { buildMockContent, type MockContent } from './mock-content.ts';
import { buildMockEmbeddings } from './mock-embedding.ts';
import { assertNoMockFailure } from './mock-failure.ts';

/** What would be different in every answer of a real upstream. */
export interface MockStamp {
  id: string;
  createdSeconds: number;
}

/**
 * The whole answer of a deployment with a `mock_response`, as an OpenAI-compatible upstream would send it. A text is what
 * the model says; an object with `choices` or `data` is the answer itself, missing members added; any other object is
 * said as JSON.
 *
 * @throws GatewayError upstream_error when the mock_response stands for a failure
 */
export function mockAnswer(call: ModelCall, deployment: Deployment, stamp: MockStamp): Buffer {
  assertNoMockFailure(deployment);
  const { mockResponse } = deployment;
  const answer = buildAnswer(call, buildMockContent(call, deployment), stamp);
  const isAnswer =
    isJsonObject(mockResponse) && (Array.isArray(mockResponse.choices) || Array.isArray(mockResponse.data));
  return Buffer.from(JSON.stringify(isAnswer ? { ...answer, ...mockResponse } : answer));
}

function buildAnswer(call: ModelCall, content: MockContent, { id, createdSeconds }: MockStamp): object {
  const { model, text, finishReason, usage } = content;
  const perChoice = <T>(build: (index: number) => T): T[] =>
    Array.from({ length: content.choices }, (_, index) => build(index));
  if (call.operation === 'embedding') {
    const { prompt_tokens, total_tokens } = usage;
    return { object: 'list', data: buildMockEmbeddings(call.body), model, usage: { prompt_tokens, total_tokens } };
  }
  if (call.operation === 'completion') {
    const choices = perChoice((index) => ({ text, index, logprobs: null, finish_reason: finishReason }));
    return { id, object: 'text_completion', created: createdSeconds, model, choices, usage };
  }
  const choices = perChoice((index) => ({
    index,
    message: { role: 'assistant', content: text, refusal: null },
    logprobs: null,
    finish_reason: finishReason,
  }));
  return { id, object: 'chat.completion', created: createdSeconds, model, choices, usage };
}
