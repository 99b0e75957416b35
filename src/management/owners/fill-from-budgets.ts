import { fillLimits, type Limits } from '../../core/limits.ts';
import type { BudgetRecord } from '../../core/owner-records.ts';
import type { OwnerManagement } from './owner-management.ts';

type Linked = Limits & { budgetId: string | null };

/** Budget rows that records are linked to, by id. One query, whatever the number. */
export async function findLinkedBudgets(
  { owners }: { owners: Pick<OwnerManagement['owners'], 'budgets'> },
  ids: readonly (string | null)[],
): Promise<ReadonlyMap<string, BudgetRecord>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  return new Map((await owners.budgets.findMany(wanted)).map((budget) => [budget.id, budget]));
}

/** The limits that hold: a record's own, and those of its budget row where it says nothing. */
export function fillFrom(budgets: ReadonlyMap<string, BudgetRecord>, record: Linked): Limits {
  return fillLimits(record, record.budgetId === null ? null : (budgets.get(record.budgetId) ?? null));
}
