/** `litellm_budget_table`: the limits of an owner that LiteLLM keeps in a budget row, in the form of that row. */
import type { Limits } from '../../core/limits.ts';
import { fromLimits, type LimitClock } from './limit-fields.ts';

export function fromBudget(budgetId: string | null, limits: Limits, clock: LimitClock): Record<string, unknown> {
  return { budget_id: budgetId, ...fromLimits(limits, clock) };
}
