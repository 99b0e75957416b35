import type { BudgetCalendar } from './budget-window.ts';
import type { KeyRecord } from './key.ts';
import { spendCounter } from './spend-counter.ts';

/** The same for a key. */
export function keySpendCounter(calendar: BudgetCalendar, key: KeyRecord, nowMs: number, model?: string): string {
  return spendCounter(calendar, { kind: 'key', id: key.keyId }, key, nowMs, model);
}
