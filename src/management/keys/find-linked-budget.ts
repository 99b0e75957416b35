import type { KeyRecord } from '../../core/key.ts';
import type { BudgetRecord } from '../../core/owner-records.ts';
import type { KeyManagement } from './key-management.ts';

/** The budget row that a key is linked to, as enforcement knows it. Null: none, or one that is gone. */
export async function findLinkedBudget(
  { standingOf }: Pick<KeyManagement, 'standingOf'>,
  { budgetId }: Pick<KeyRecord, 'budgetId'>,
): Promise<BudgetRecord | null> {
  if (budgetId === null) return null;
  const { path } = await standingOf({ userId: null, teamId: null, organizationId: null, budgetId });
  return path.keyBudget;
}
