import type { KeyRecord, ModelBudget } from '../../core/key.ts';
import { fillLimits } from '../../core/limits.ts';
import { keyLimits } from '../../core/owner-policy.ts';
import { findLinkedBudget } from './find-linked-budget.ts';
import type { KeyManagement } from './key-management.ts';

/** What has been spent in the current windows of a key's budgets beside its `max_budget`: the numbers of enforcement. */
export interface KeyUsage {
  models: readonly { model: string; budget: ModelBudget; spentNanoUsd: number }[];
  /** Of `budget_limits`, each length of time once. */
  windows: readonly { budgetDuration: string; spentNanoUsd: number }[];
}

type Deps = Pick<KeyManagement, 'readCounters' | 'spendCounter' | 'standingOf'>;

/** One per key, in order; budgets that a linked row sets included. All counters are read at once. */
export async function readUsage(deps: Deps, keys: readonly KeyRecord[], nowMs: number): Promise<KeyUsage[]> {
  const budgets = await Promise.all(keys.map((key) => findBudgets(deps, key, nowMs)));
  const counters = budgets.flatMap(({ models, windows }) => [...models, ...windows].map(({ counter }) => counter));
  const spent = (counters.length === 0 ? [] : await deps.readCounters(counters)).values();
  const next = () => spent.next().value ?? 0;
  return budgets.map(({ models, windows }) => ({
    models: models.map(({ model, budget }) => ({ model, budget, spentNanoUsd: next() })),
    windows: windows.map(({ budgetDuration }) => ({ budgetDuration, spentNanoUsd: next() })),
  }));
}

async function findBudgets(deps: Deps, key: KeyRecord, nowMs: number) {
  const { modelMaxBudget, budgetLimits } = fillLimits(keyLimits(key), await findLinkedBudget(deps, key));
  const durations = [...new Set(budgetLimits.map(({ budgetDuration }) => budgetDuration))];
  return {
    models: Object.entries(modelMaxBudget).map(([model, budget]) => ({
      model,
      budget,
      counter: deps.spendCounter({ ...key, modelMaxBudget }, nowMs, model),
    })),
    windows: durations.map((budgetDuration) => ({
      budgetDuration,
      counter: deps.spendCounter({ ...key, budgetDuration }, nowMs),
    })),
  };
}
