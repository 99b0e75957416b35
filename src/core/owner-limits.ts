import type { BudgetCalendar, BudgetWindow } from './budget-window.ts';
import type { Charge } from './charge.ts';
import { counterId } from './counter-id.ts';
import type { BudgetMode } from './key.ts';
import type { OwnerPolicy } from './owner-policy.ts';

/** One limit of one owner: everything about its charges that is the same for every call. */
export type Limit = Readonly<Omit<Charge, 'amount' | 'atLeast' | 'windowMs'>>;

/** A budget, or (`maxNanoUsd` null) a window in which spend is only counted. */
export interface Budget {
  readonly maxNanoUsd: number | null;
  /** The owner's; null: the proxy's setting. */
  readonly mode: BudgetMode | null;
  /** False: it is counted in the owner's lifetime balance. */
  readonly ownCounter: boolean;
  /** The limit as it stands in the window of that moment. */
  limitAt(calendar: BudgetCalendar, nowMs: number): Limit;
}

export interface ModelLimits {
  budget: Budget | null;
  requests: Limit | null;
  tokens: Limit | null;
}

/** An owner's limits in the form that plans are made from. */
export interface OwnerLimits {
  /** The lifetime balance. */
  spendCounter: string;
  budget: Budget | null;
  slots: Limit | null;
  requests: Limit | null;
  tokens: Limit | null;
  /** Null: no model has limits of its own. */
  byModel: ReadonlyMap<string, ModelLimits> | null;
}

const compiled = new WeakMap<OwnerPolicy, OwnerLimits>();

/** Policies are immutable, so each is read once however many calls it governs: names of counters are made here. */
export function ownerLimits(policy: OwnerPolicy): OwnerLimits {
  let limits = compiled.get(policy);
  if (limits === undefined) {
    limits = compile(policy);
    compiled.set(policy, limits);
  }
  return limits;
}

function compile(policy: OwnerPolicy): OwnerLimits {
  const { maxBudgetNanoUsd, budgetDuration, maxParallelRequests, rpmLimit, tpmLimit } = policy;
  const hasBudget = maxBudgetNanoUsd !== null || budgetDuration !== null;
  return {
    spendCounter: counterId(policy.owner, 'spend'),
    budget: hasBudget ? toBudget(policy, maxBudgetNanoUsd, budgetDuration) : null,
    slots: toLimit(policy, 'max_parallel_requests', 'slots', maxParallelRequests),
    requests: toLimit(policy, 'rpm_limit', 'requests', rpmLimit),
    tokens: toLimit(policy, 'tpm_limit', 'tokens', tpmLimit),
    byModel: compileModels(policy),
  };
}

function compileModels(policy: OwnerPolicy): ReadonlyMap<string, ModelLimits> | null {
  const { modelMaxBudget, modelRpmLimit, modelTpmLimit } = policy;
  const models = new Set([modelMaxBudget, modelRpmLimit, modelTpmLimit].flatMap((limits) => Object.keys(limits)));
  if (models.size === 0) return null;
  const byModel = new Map<string, ModelLimits>();
  for (const model of models) {
    const budget = ownValue(modelMaxBudget, model);
    byModel.set(model, {
      budget: budget === null ? null : toBudget(policy, budget.maxBudgetNanoUsd, budget.budgetDuration, model),
      requests: toLimit(policy, 'model_rpm_limit', 'requests', ownValue(modelRpmLimit, model), model),
      tokens: toLimit(policy, 'model_tpm_limit', 'tokens', ownValue(modelTpmLimit, model), model),
    });
  }
  return byModel;
}

/** A model may be called `constructor`. */
function ownValue<T>(limits: Readonly<Record<string, T>>, model: string): T | null {
  return Object.hasOwn(limits, model) ? (limits[model] as T) : null;
}

function toLimit(
  { owner }: OwnerPolicy,
  limit: Limit['limit'],
  unit: 'requests' | 'tokens' | 'slots',
  ceiling: number | null,
  model?: string,
): Limit | null {
  if (ceiling === null) return null;
  return { owner, limit, model, counter: counterId(owner, unit, model), unit, ceiling, resetAtMs: null };
}

function toBudget(policy: OwnerPolicy, maxNanoUsd: number | null, duration: string | null, model?: string): Budget {
  const { owner } = policy;
  const inWindow = (window: BudgetWindow | null): Limit => ({
    owner,
    limit: model === undefined ? 'max_budget' : 'model_max_budget',
    model,
    counter: counterId(
      owner,
      'spend',
      model,
      window === null ? undefined : { duration: duration as string, startMs: window.startMs },
    ),
    unit: 'nano_usd',
    ceiling: maxNanoUsd ?? Number.POSITIVE_INFINITY,
    resetAtMs: window?.endMs ?? null,
  });
  let known: { window: BudgetWindow | null; limit: Limit } | null = null;
  return {
    maxNanoUsd,
    mode: policy.budgetMode,
    ownCounter: duration !== null || model !== undefined,
    limitAt(calendar, nowMs) {
      // A calendar answers with the same window for as long as it lasts.
      const window = duration === null ? null : calendar.windowAt(duration, nowMs);
      if (known === null || known.window !== window) known = { window, limit: inWindow(window) };
      return known.limit;
    },
  };
}
