import { GatewayError } from '../../core/gateway-error.ts';
import type { Limits } from '../../core/limits.ts';
import { toUsd } from '../../core/money.ts';
import type { LimitFields } from '../owners/limit-fields.ts';

/**
 * A budget that only warns has to lie below the one that stops, or it never warns. Asked where one of them is set; in
 * LiteLLM's words. Throws bad_request.
 */
export function assertSoftBudget(
  { softBudgetNanoUsd: saidSoft, maxBudgetNanoUsd: saidMax }: LimitFields,
  { softBudgetNanoUsd: soft, maxBudgetNanoUsd: max }: Limits,
): void {
  if (soft === null || max === null || soft < max) return;
  if (saidSoft != null) {
    refuse('soft_budget', `soft_budget (${dollars(soft)}) must be strictly lower than max_budget (${dollars(max)})`);
  }
  if (saidMax != null) {
    refuse('max_budget', `max_budget (${dollars(max)}) must be strictly greater than soft_budget (${dollars(soft)})`);
  }
}

/** Always with a decimal point, as LiteLLM writes them. */
function dollars(nanoUsd: number): string {
  const usd = toUsd(nanoUsd);
  return Number.isInteger(usd) ? usd.toFixed(1) : String(usd);
}

function refuse(param: string, message: string): never {
  throw new GatewayError('bad_request', message, { param });
}
