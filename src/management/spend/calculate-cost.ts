import { GatewayError } from '../../core/gateway-error.ts';
import { computeCostNanoUsd } from '../../core/pricing.ts';
import { estimateTokens } from '../../core/token-estimate.ts';
import { estimatedUsage, type Usage } from '../../core/usage.ts';
import type { SpendManagement } from './spend-management.ts';

/** A call to be priced: what it would send, or what came back. */
export type CostQuestion =
  | { kind: 'request'; model: string; messages: readonly unknown[] }
  | { kind: 'response'; model: string; usage: Usage };

/**
 * What a call costs, in nano-dollars, at the prices in force. A request is priced by its input alone, estimated from
 * its text. Throws invalid_request when no price is known for the model.
 */
export function calculateCost(deps: Pick<SpendManagement, 'priceOf'>, question: CostQuestion): number {
  const price = deps.priceOf(question.model);
  if (price === null) {
    throw new GatewayError('invalid_request', `No price is known for model=${question.model}.`, { param: 'model' });
  }
  if (question.kind === 'response') return computeCostNanoUsd(question.usage, price);
  const { billedInputTokens } = estimateTokens('chat', { messages: question.messages }, 0, 0);
  return computeCostNanoUsd(estimatedUsage(billedInputTokens, 0), price);
}
