import type { BudgetCalendar } from './budget-window.ts';
import { counterId } from './counter-id.ts';
import type { KeyRecord } from './key.ts';

/**
 * The counter that a key's budget is counted in at this moment: its own, or with `model` its budget for that model.
 * The same counter that admission charges.
 */
export function keySpendCounter(calendar: BudgetCalendar, key: KeyRecord, nowMs: number, model?: string): string {
  const owner = { kind: 'key', id: key.keyId } as const;
  const duration = model === undefined ? key.budgetDuration : (key.modelMaxBudget[model]?.budgetDuration ?? null);
  if (duration === null) return counterId(owner, 'spend', model);
  return counterId(owner, 'spend', model, { duration, startMs: calendar.windowAt(duration, nowMs).startMs });
}
