import type { BudgetCalendar } from './budget-window.ts';
import { counterId } from './counter-id.ts';
import type { Limits } from './limits.ts';
import type { OwnerRef } from './owner.ts';

/** The part of an owner's limits that tells which counters its money is counted in. */
export type BudgetWindows = Pick<Limits, 'budgetDuration' | 'modelMaxBudget'>;

/**
 * The counter that an owner's budget is counted in at this moment: its own, or with `model` its budget for that model.
 * The same counter that admission charges.
 */
export function spendCounter(
  calendar: BudgetCalendar,
  owner: OwnerRef,
  { budgetDuration, modelMaxBudget }: BudgetWindows,
  nowMs: number,
  model?: string,
): string {
  const duration = model === undefined ? budgetDuration : (modelMaxBudget[model]?.budgetDuration ?? null);
  if (duration === null) return counterId(owner, 'spend', model);
  return counterId(owner, 'spend', model, { duration, startMs: calendar.windowAt(duration, nowMs).startMs });
}
