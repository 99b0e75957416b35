import { COUNT_LIMITS, COUNT_LIMITS_BY_MODEL, type Limits } from './limits.ts';

/**
 * The first limit that a change would make wider, by its name on the wire; null: it only keeps, narrows or adds limits.
 * For those who may change an owner but not what it may use up. Budgets over another length of time cannot be compared,
 * so that is taken for wider.
 */
export function findRaisedLimit(before: Limits, after: Limits): string | null {
  for (const [field, name] of AMOUNTS) if (isRaised(before[field], after[field])) return name;
  if (before.maxBudgetNanoUsd !== null && after.budgetDuration !== before.budgetDuration) return 'budget_duration';
  if (after.budgetMode !== before.budgetMode && after.budgetMode !== 'hard') return 'budget_mode';
  const kept = before.budgetLimits.every(({ budgetDuration, maxBudgetNanoUsd }) =>
    after.budgetLimits.some(
      (limit) => limit.budgetDuration === budgetDuration && limit.maxBudgetNanoUsd <= maxBudgetNanoUsd,
    ),
  );
  if (!kept) return 'budget_limits';
  for (const [model, budget] of Object.entries(before.modelMaxBudget)) {
    const next = own(after.modelMaxBudget, model);
    if (next === undefined || next.maxBudgetNanoUsd > budget.maxBudgetNanoUsd) return 'model_max_budget';
    if (next.budgetDuration !== budget.budgetDuration) return 'model_max_budget';
  }
  for (const [field, name] of COUNT_LIMITS_BY_MODEL) {
    for (const [model, limit] of Object.entries(before[field])) {
      if (isRaised(limit, own(after[field], model) ?? null)) return name;
    }
  }
  return null;
}

const AMOUNTS = [['maxBudgetNanoUsd', 'max_budget'], ...COUNT_LIMITS] as const;

/** Null is "no limit". */
function isRaised(before: number | null, after: number | null): boolean {
  return before !== null && (after === null || after > before);
}

function own<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/**
 * The first of an owner's limits that is more than those of the owner above it, by its name on the wire; null: none is.
 * What is not set is not more: the limit above holds for it in any case. Budgets are compared where they cover the same
 * time, or the one above covers all of it.
 */
export function findLimitBeyond(limits: Limits, ceiling: Limits): string | null {
  for (const [field, name] of AMOUNTS) {
    const [limit, most] = [limits[field], ceiling[field]];
    if (limit === null || most === null || limit <= most) continue;
    const comparable = ceiling.budgetDuration === null || ceiling.budgetDuration === limits.budgetDuration;
    if (field !== 'maxBudgetNanoUsd' || comparable) return name;
  }
  return null;
}
