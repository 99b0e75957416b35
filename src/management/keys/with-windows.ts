import type { KeyRecord } from '../../core/key.ts';
import { fillLimits } from '../../core/limits.ts';
import { keyLimits } from '../../core/owner-policy.ts';
import type { KeyManagement } from './key-management.ts';

/**
 * The keys with the budget windows that hold: those of the linked budget row where a key sets none itself. For finding the
 * counters that their money is counted in; nothing of it is stored.
 */
export function withWindows(
  { standingOf }: Pick<KeyManagement, 'standingOf'>,
  keys: readonly KeyRecord[],
): Promise<KeyRecord[]> {
  return Promise.all(
    keys.map(async (key) => {
      const { budgetId } = key;
      if (budgetId === null) return key;
      const { path } = await standingOf({ userId: null, teamId: null, organizationId: null, budgetId });
      const { budgetDuration, modelMaxBudget } = fillLimits(keyLimits(key), path.keyBudget);
      return { ...key, budgetDuration, modelMaxBudget };
    }),
  );
}
