/** `POST /spend/calculate`: what a call would cost, or has cost. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { CostQuestion } from '../../management/spend/calculate-cost.ts';

/** No model has a longer name, and names are remembered with their prices. */
const model = z.string().max(256);
const tokens = z.number().int().min(0);

export const SpendCalculateBody = z.object({
  model: model.nullish(),
  messages: z.array(z.unknown()).nullish(),
  completion_response: z
    .looseObject({
      model: model.nullish(),
      usage: z
        .looseObject({
          prompt_tokens: tokens.nullish(),
          completion_tokens: tokens.nullish(),
          prompt_tokens_details: z.looseObject({ cached_tokens: tokens.nullish() }).nullish(),
          completion_tokens_details: z.looseObject({ reasoning_tokens: tokens.nullish() }).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

export const SpendCalculateReply = z.object({ cost: z.number().describe('US dollars.') });

/** Throws bad_request, in LiteLLM's words, when the body asks nothing. */
export function toCostQuestion(body: z.output<typeof SpendCalculateBody>): CostQuestion {
  const { completion_response: response } = body;
  if (response !== null && response !== undefined) return fromResponse(response, body.model);
  if (body.model === null || body.model === undefined) {
    throw new GatewayError('bad_request', "Bad Request - Either 'model' or 'completion_response' must be provided", {
      param: 'model',
    });
  }
  if (body.messages === null || body.messages === undefined) {
    throw new GatewayError('bad_request', "Bad Request - 'messages' must be provided if 'model' is provided", {
      param: 'messages',
    });
  }
  return { kind: 'request', model: body.model, messages: body.messages };
}

function fromResponse(
  response: NonNullable<z.output<typeof SpendCalculateBody>['completion_response']>,
  requested: string | null | undefined,
): CostQuestion {
  const model = requested ?? response.model;
  if (model === null || model === undefined || !response.usage) {
    throw new GatewayError('bad_request', "Bad Request - 'completion_response' must hold 'model' and 'usage'", {
      param: 'completion_response',
    });
  }
  const { usage } = response;
  const promptTokens = usage.prompt_tokens ?? 0;
  const completionTokens = usage.completion_tokens ?? 0;
  return {
    kind: 'response',
    model,
    usage: {
      promptTokens,
      completionTokens,
      totalTokens: promptTokens + completionTokens,
      cacheReadTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
      cacheWriteTokens: 0,
      reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
      estimated: false,
    },
  };
}
