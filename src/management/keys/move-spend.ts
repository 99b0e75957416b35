import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { Limits } from '../../core/limits.ts';
import { changedMeanwhile } from './find-key-for.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';
import { mergeKeyFields } from './merge-key-fields.ts';
import { withWindows } from './with-windows.ts';

/** A movement of a key's balances that comes with a change of its row. */
export interface SpendMove {
  /** The key's own spend, for the audit; null when only budgets of models move. */
  spend: { beforeNanoUsd: number; afterNanoUsd: number } | null;
  adjustments: readonly BalanceAdjustment[];
  /** Throws `conflict` when the row in the transaction is not the one that the movement was computed for. */
  assertStillFits(current: KeyRecord): void;
}

/**
 * What a change does to the key's balances; null when it leaves them alone. A given `spend` sets its own. A new budget
 * duration, of the key or of one of its models, means a new counter, and the present spend goes along: what is over its
 * budget stays over it. The movement is a difference, so calls that settle meanwhile are neither lost nor counted twice.
 */
export async function planSpendMove(
  deps: Pick<KeyManagement, 'readCounters' | 'spendCounter' | 'newId' | 'standingOf'>,
  found: KeyRecord,
  fields: KeyFields,
  nowMs: number,
): Promise<SpendMove | null> {
  const [before = found, next = found] = await withWindows(deps, [found, mergeKeyFields(found, fields, nowMs)]);
  const isSet = fields.spendNanoUsd !== undefined;
  const movesOwn = isSet || next.budgetDuration !== before.budgetDuration;
  const models = modelsWithOtherWindows(before, next);
  if (!movesOwn && models.length === 0) return null;

  const moving = movesOwn ? [undefined, ...models] : models;
  const from = moving.map((model) => deps.spendCounter(before, nowMs, model));
  const to = moving.map((model) => deps.spendCounter(next, nowMs, model));
  const balances = await deps.readCounters([...from, ...to]);
  const adjustments: BalanceAdjustment[] = [];
  let spend: SpendMove['spend'] = null;
  moving.forEach((model, index) => {
    const present = balances[index] ?? 0;
    const set = isSet && model === undefined;
    const target = set ? (fields.spendNanoUsd ?? 0) : present;
    if (model === undefined) spend = { beforeNanoUsd: present, afterNanoUsd: target };
    const deltaNanoUsd = target - (balances[from.length + index] ?? 0);
    if (deltaNanoUsd === 0) return;
    const reason = set ? 'spend_set' : 'window_changed';
    adjustments.push({ id: deps.newId('adj_'), counter: to[index] as string, deltaNanoUsd, reason, atMs: nowMs });
  });
  return {
    spend,
    adjustments,
    assertStillFits(current) {
      if (current.updatedAtMs === found.updatedAtMs) return;
      throw changedMeanwhile();
    },
  };
}

/** Lets the further budgets of a key (`budget_limits`) start anew. `limits`: those that hold, of the key or its linked row. */
export async function planWindowRestart(
  deps: Pick<KeyManagement, 'readCounters' | 'spendCounter' | 'newId'>,
  key: KeyRecord,
  { budgetDuration: own, budgetLimits }: Limits,
  nowMs: number,
): Promise<BalanceAdjustment[]> {
  // A budget over the same length of time as the key's own is counted with it.
  const durations = [...new Set(budgetLimits.map(({ budgetDuration }) => budgetDuration))].filter((it) => it !== own);
  const counters = durations.map((budgetDuration) => deps.spendCounter({ ...key, budgetDuration }, nowMs));
  const balances = await deps.readCounters(counters);
  return counters.flatMap((counter, index) => {
    const present = balances[index] ?? 0;
    if (present === 0) return [];
    return { id: deps.newId('adj_'), counter, deltaNanoUsd: -present, reason: 'spend_set' as const, atMs: nowMs };
  });
}

/** Models that have a budget before and after, over another length of time. */
function modelsWithOtherWindows(found: KeyRecord, next: KeyRecord): string[] {
  return Object.entries(next.modelMaxBudget)
    .filter(([model, { budgetDuration }]) => {
      const before = Object.hasOwn(found.modelMaxBudget, model) ? found.modelMaxBudget[model] : undefined;
      return before !== undefined && before.budgetDuration !== budgetDuration;
    })
    .map(([model]) => model);
}
