import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import type { Limits } from '../../core/limits.ts';
import type { OwnerRef } from '../../core/owner.ts';
import type { OwnerManagement } from './owner-management.ts';

type Deps = Pick<OwnerManagement, 'readCounters' | 'spendCounter' | 'newId'>;

/** Limits before and after a change, those of a linked budget row filled in; `setNanoUsd`: what is to count as spent. */
export interface SpendChange {
  ref: OwnerRef;
  before: Limits;
  after: Limits;
  setNanoUsd?: number | null;
}

export interface OwnerSpendMove {
  adjustments: readonly BalanceAdjustment[];
  /** The owner's own spend before and after, where it was set. */
  spend: { beforeNanoUsd: number; afterNanoUsd: number } | null;
}

/**
 * What a change of limits does to balances. A new budget duration, of an owner or of one of its models, means a new
 * counter, and the present spend goes along: what is over its budget stays over it. Movements are differences, so calls
 * that settle meanwhile are neither lost nor counted twice.
 */
export async function planOwnerSpendMoves(
  deps: Deps,
  changes: readonly SpendChange[],
  nowMs: number,
): Promise<OwnerSpendMove[]> {
  const moves = changes.map((change) => ({ change, moving: findMoving(change) }));
  const counters = moves.flatMap(({ change: { ref, before, after }, moving }) =>
    moving.flatMap((model) => [
      deps.spendCounter(ref, before, nowMs, model),
      deps.spendCounter(ref, after, nowMs, model),
    ]),
  );
  const balances = counters.length === 0 ? [] : await deps.readCounters(counters);
  let next = 0;
  return moves.map(({ change, moving }) => {
    const adjustments: BalanceAdjustment[] = [];
    let spend: OwnerSpendMove['spend'] = null;
    for (const model of moving) {
      const [present = 0, there = 0] = balances.slice(next, next + 2);
      const counter = counters[next + 1] as string;
      next += 2;
      const isSet = model === undefined && change.setNanoUsd !== undefined;
      const target = isSet ? (change.setNanoUsd ?? 0) : present;
      if (isSet) spend = { beforeNanoUsd: present, afterNanoUsd: target };
      if (target === there) continue;
      const reason = isSet ? 'spend_set' : 'window_changed';
      adjustments.push({ id: deps.newId('adj_'), counter, deltaNanoUsd: target - there, reason, atMs: nowMs });
    }
    return { adjustments, spend };
  });
}

/** The owner itself (undefined) and its models, where the counter becomes another one or is set. */
function findMoving({ before, after, setNanoUsd }: SpendChange): (string | undefined)[] {
  const own = setNanoUsd !== undefined || before.budgetDuration !== after.budgetDuration ? [undefined] : [];
  const models = Object.entries(after.modelMaxBudget).filter(([model, { budgetDuration }]) => {
    const was = Object.hasOwn(before.modelMaxBudget, model) ? before.modelMaxBudget[model] : undefined;
    return was !== undefined && was.budgetDuration !== budgetDuration;
  });
  return [...own, ...models.map(([model]) => model)];
}
