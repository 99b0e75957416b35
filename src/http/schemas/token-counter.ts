/** POST /utils/token_counter. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Operation } from '../../core/operation.ts';
import type { TokenEstimate } from '../../core/token-estimate.ts';

export const TokenCounterBody = z.looseObject({
  model: z.string().min(1).max(256),
  messages: z.array(z.unknown()).nullish(),
  prompt: z.union([z.string(), z.array(z.unknown())]).nullish(),
});

export const TokenCounterReply = z.object({
  total_tokens: z.number(),
  request_model: z.string(),
  model_used: z.string(),
  tokenizer_type: z.literal('estimate').describe('No tokenizer is run.'),
});

/** Throws bad_request when there is nothing to count. Messages go before a prompt. */
export function toPrompt(body: z.output<typeof TokenCounterBody>): {
  operation: Operation;
  prompt: Readonly<Record<string, unknown>>;
} {
  const { messages, prompt } = body;
  if (messages) return { operation: 'chat', prompt: { messages } };
  if (prompt !== null && prompt !== undefined) return { operation: 'completion', prompt: { prompt } };
  throw new GatewayError('bad_request', 'prompt or messages must be provided', { param: 'messages' });
}

export function fromTokenEstimate(model: string, estimate: TokenEstimate): z.output<typeof TokenCounterReply> {
  return {
    total_tokens: estimate.billedInputTokens,
    request_model: model,
    model_used: model,
    tokenizer_type: 'estimate',
  };
}
