import type { Deployment } from '../../core/model.ts';
import { estimateTokens } from '../../core/token-estimate.ts';
import type { ModelCall } from '../provider.ts';

const CHARACTERS_PER_TOKEN = 4;
const MAX_CHOICES = 128;

/** What a mocked answer has in every choice, whichever way it is sent. */
export interface MockContent {
  model: string;
  text: string;
  finishReason: 'stop' | 'length';
  choices: number;
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

/** Pure: the text of a `mock_response`, cut to the call's output limit, and what it counts as (four characters a token). */
export function buildMockContent(call: ModelCall, deployment: Deployment): MockContent {
  const { mockResponse, upstreamModel } = deployment;
  const whole = typeof mockResponse === 'string' ? mockResponse : JSON.stringify(mockResponse ?? '');
  const { inputTokens, requestedOutputTokens, choices } = estimateTokens(call.operation, call.body, 0, 0);
  const text = requestedOutputTokens === null ? whole : whole.slice(0, requestedOutputTokens * CHARACTERS_PER_TOKEN);
  const count = Math.min(choices, MAX_CHOICES);
  const perChoice = call.operation === 'embedding' ? 0 : Math.max(1, Math.ceil(text.length / CHARACTERS_PER_TOKEN));
  return {
    model: call.requested ?? upstreamModel,
    text,
    finishReason: text.length < whole.length ? 'length' : 'stop',
    choices: count,
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: perChoice * count,
      total_tokens: inputTokens + perChoice * count,
    },
  };
}
