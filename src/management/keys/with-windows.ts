import type { KeyRecord } from '../../core/key.ts';
import { fillLimits } from '../../core/limits.ts';
import { keyLimits } from '../../core/owner-policy.ts';
import { findLinkedBudget } from './find-linked-budget.ts';
import type { KeyManagement } from './key-management.ts';

/**
 * The keys with the budget windows that hold: those of the linked budget row where a key sets none itself. For finding the
 * counters that their money is counted in; nothing of it is stored.
 */
export function withWindows(deps: Pick<KeyManagement, 'standingOf'>, keys: readonly KeyRecord[]): Promise<KeyRecord[]> {
  return Promise.all(
    keys.map(async (key) => {
      if (key.budgetId === null) return key;
      const { budgetDuration, modelMaxBudget } = fillLimits(keyLimits(key), await findLinkedBudget(deps, key));
      return { ...key, budgetDuration, modelMaxBudget };
    }),
  );
}
