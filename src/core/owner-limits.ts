import type { BudgetCalendar, BudgetWindow } from './budget-window.ts';
import type { Charge, LimitName } from './charge.ts';
import { counterId } from './counter-id.ts';
import type { BudgetMode } from './key.ts';
import type { OwnerRef } from './owner.ts';
import type { OwnerPolicy } from './owner-policy.ts';

/** One limit of one owner: everything about its charges that is the same for every call. */
export type Limit = Readonly<Omit<Charge, 'amount' | 'atLeast' | 'windowMs'>>;

/** A budget, or (its ceiling infinite) a window in which spend is only counted. */
export interface Budget {
  readonly limits: boolean;
  /** The owner's; null: the proxy's setting. */
  readonly mode: BudgetMode | null;
  /** False: it is counted in the owner's lifetime balance. */
  readonly ownCounter: boolean;
  /** The limit as it stands at that moment. */
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
  /** One for each length of window, so that no balance is moved twice. */
  budgets: readonly Budget[];
  slots: Limit | null;
  requests: Limit | null;
  tokens: Limit | null;
  /** Null: no model has limits of its own. */
  byModel: ReadonlyMap<string, ModelLimits> | null;
  /** Requests of calls with one tag. Null: no tag has a limit of its own. */
  byTag: ReadonlyMap<string, Limit> | null;
}

/** Made once per owner, however many calls it governs: names of counters are put together here. */
export function compileLimits(policy: OwnerPolicy): OwnerLimits {
  const { maxParallelRequests, rpmLimit, tpmLimit } = policy;
  return {
    spendCounter: counterId(policy.owner, 'spend'),
    budgets: compileBudgets(policy),
    slots: toLimit(policy, 'max_parallel_requests', 'slots', maxParallelRequests),
    requests: toLimit(policy, 'rpm_limit', 'requests', rpmLimit),
    tokens: toLimit(policy, 'tpm_limit', 'tokens', tpmLimit),
    byModel: compileModels(policy),
    byTag: compileTags(policy),
  };
}

const NO_BUDGETS: readonly Budget[] = Object.freeze([]);

/** An owner of which nothing is stored: it limits nothing, and its spend is counted all the same. */
export function withoutLimits(owner: OwnerRef): OwnerLimits {
  return {
    spendCounter: counterId(owner, 'spend'),
    budgets: NO_BUDGETS,
    slots: null,
    requests: null,
    tokens: null,
    byModel: null,
    byTag: null,
  };
}

/** What spend in one kind of window may come to. */
interface Ceiling {
  limit: LimitName;
  nanoUsd: number;
  /** Beyond it until that moment. */
  raise: OwnerPolicy['raise'];
}

/** Budgets over windows of the same length are one, and the tightest of them counts. */
function compileBudgets(policy: OwnerPolicy): readonly Budget[] {
  const byDuration = new Map<string | null, Ceiling[]>();
  const { maxBudgetNanoUsd, budgetDuration, raise } = policy;
  if (maxBudgetNanoUsd !== null) {
    byDuration.set(budgetDuration, [{ limit: 'max_budget', nanoUsd: maxBudgetNanoUsd, raise }]);
  } else if (budgetDuration !== null) {
    byDuration.set(budgetDuration, []);
  }
  for (const window of policy.budgetLimits) {
    const ceilings = byDuration.get(window.budgetDuration) ?? [];
    ceilings.push({ limit: 'budget_limits', nanoUsd: window.maxBudgetNanoUsd, raise: null });
    byDuration.set(window.budgetDuration, ceilings);
  }
  return Array.from(byDuration, ([duration, ceilings]) => toBudget(policy, ceilings, duration));
}

function compileModels(policy: OwnerPolicy): ReadonlyMap<string, ModelLimits> | null {
  const { modelMaxBudget, modelRpmLimit, modelTpmLimit } = policy;
  const models = new Set([modelMaxBudget, modelRpmLimit, modelTpmLimit].flatMap((limits) => Object.keys(limits)));
  if (models.size === 0) return null;
  const byModel = new Map<string, ModelLimits>();
  for (const model of models) {
    const budget = ownValue(modelMaxBudget, model);
    byModel.set(model, {
      budget:
        budget === null
          ? null
          : toBudget(
              policy,
              [{ limit: 'model_max_budget', nanoUsd: budget.maxBudgetNanoUsd, raise: null }],
              budget.budgetDuration,
              model,
            ),
      requests: toLimit(policy, 'model_rpm_limit', 'requests', ownValue(modelRpmLimit, model), model),
      tokens: toLimit(policy, 'model_tpm_limit', 'tokens', ownValue(modelTpmLimit, model), model),
    });
  }
  return byModel;
}

function compileTags({ owner, tagRpmLimit }: OwnerPolicy): ReadonlyMap<string, Limit> | null {
  const limits = Object.entries(tagRpmLimit);
  if (limits.length === 0) return null;
  return new Map(
    limits.map(([tag, ceiling]): [string, Limit] => [
      tag,
      {
        owner,
        limit: 'tag_rpm_limit',
        tag,
        counter: counterId(owner, 'tag_requests', tag),
        unit: 'requests',
        ceiling,
        resetAtMs: null,
      },
    ]),
  );
}

/** A model may be called `constructor`. */
function ownValue<T>(limits: Readonly<Record<string, T>>, model: string): T | null {
  return Object.hasOwn(limits, model) ? (limits[model] as T) : null;
}

function toLimit(
  { owner }: OwnerPolicy,
  limit: LimitName,
  unit: 'requests' | 'tokens' | 'slots',
  ceiling: number | null,
  model?: string,
): Limit | null {
  if (ceiling === null) return null;
  return { owner, limit, model, counter: counterId(owner, unit, model), unit, ceiling, resetAtMs: null };
}

function toBudget(
  { owner, budgetMode }: OwnerPolicy,
  ceilings: readonly Ceiling[],
  duration: string | null,
  model?: string,
): Budget {
  const build = (window: BudgetWindow | null, nowMs: number): Limit => {
    const tightest = tightestAt(ceilings, nowMs);
    const at = window === null ? undefined : { duration: duration as string, startMs: window.startMs };
    return {
      owner,
      limit: tightest.limit,
      model,
      counter: counterId(owner, 'spend', model, at),
      unit: 'nano_usd',
      ceiling: tightest.nanoUsd,
      resetAtMs: window?.endMs ?? null,
    };
  };
  const raisedUntilMs = Math.max(...ceilings.map(({ raise }) => raise?.untilMs ?? Number.NEGATIVE_INFINITY));
  let known: { window: BudgetWindow | null; raised: boolean; limit: Limit } | null = null;
  return {
    limits: ceilings.length > 0,
    mode: budgetMode,
    ownCounter: duration !== null || model !== undefined,
    limitAt(calendar, nowMs) {
      // A calendar answers with the same window for as long as it lasts.
      const window = duration === null ? null : calendar.windowAt(duration, nowMs);
      const raised = nowMs < raisedUntilMs;
      if (known === null || known.window !== window || known.raised !== raised) {
        known = { window, raised, limit: build(window, nowMs) };
      }
      return known.limit;
    },
  };
}

function tightestAt(ceilings: readonly Ceiling[], nowMs: number): { limit: LimitName; nanoUsd: number } {
  let tightest: { limit: LimitName; nanoUsd: number } = { limit: 'max_budget', nanoUsd: Number.POSITIVE_INFINITY };
  for (const { limit, nanoUsd: own, raise } of ceilings) {
    const nanoUsd = own + (raise !== null && nowMs < raise.untilMs ? raise.nanoUsd : 0);
    if (nanoUsd < tightest.nanoUsd) tightest = { limit, nanoUsd };
  }
  return tightest;
}
