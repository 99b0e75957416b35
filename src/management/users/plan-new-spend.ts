import type { UserRecord } from '../../core/owner-records.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import type { OwnerSpendMove } from '../owners/move-owner-spend.ts';
import type { UserManagement } from './user-management.ts';

/** What a user who is made now begins with: nothing that an earlier one of the same name has spent, and what is said. */
export async function planNewSpend(
  deps: Pick<UserManagement, 'readCounters' | 'spendCounter' | 'newId'>,
  user: UserRecord,
  spendNanoUsd: number,
  nowMs: number,
): Promise<OwnerSpendMove> {
  const ref = { kind: 'user', id: user.id } as const;
  const fresh = await planFreshStart(deps, [{ ref, limits: user }], nowMs);
  if (spendNanoUsd === 0) return { adjustments: fresh, spend: null };
  const counter = deps.spendCounter(ref, user, nowMs);
  const id = deps.newId('adj_');
  return {
    adjustments: [...fresh, { id, counter, deltaNanoUsd: spendNanoUsd, reason: 'initial_spend', atMs: nowMs }],
    spend: { beforeNanoUsd: 0, afterNanoUsd: spendNanoUsd },
  };
}
