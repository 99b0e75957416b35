import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { type Limits, NO_LIMITS } from '../../core/limits.ts';
import type { OwnerRef } from '../../core/owner.ts';
import type { OwnerManagement } from './owner-management.ts';

/**
 * Who is made under a name that was used before begins with nothing spent: what the earlier one spent stays in the
 * ledger's rows and is taken out of the balances. Reads the counters of present windows; windows that are over count for
 * nobody.
 */
export async function planFreshStart(
  deps: Pick<OwnerManagement, 'readCounters' | 'spendCounter' | 'newId'>,
  owners: readonly { ref: OwnerRef; limits: Limits }[],
  nowMs: number,
): Promise<BalanceAdjustment[]> {
  const counters = [...new Set(owners.flatMap(({ ref, limits }) => countersOf(deps, ref, limits, nowMs)))];
  const balances = counters.length === 0 ? [] : await deps.readCounters(counters);
  return counters.flatMap((counter, index) => {
    const balance = balances[index] ?? 0;
    if (balance === 0) return [];
    return [{ id: deps.newId('adj_'), counter, deltaNanoUsd: -balance, reason: 'initial_spend', atMs: nowMs }];
  });
}

function countersOf(
  deps: Pick<OwnerManagement, 'spendCounter'>,
  ref: OwnerRef,
  limits: Limits,
  nowMs: number,
): string[] {
  const durations = [null, limits.budgetDuration, ...limits.budgetLimits.map(({ budgetDuration }) => budgetDuration)];
  const own = durations.map((budgetDuration) => deps.spendCounter(ref, { ...NO_LIMITS, budgetDuration }, nowMs));
  const ofModels = Object.keys(limits.modelMaxBudget).map((model) => deps.spendCounter(ref, limits, nowMs, model));
  return [...own, ...ofModels];
}
