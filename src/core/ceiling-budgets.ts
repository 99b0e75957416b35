/**
 * Budgets of a key against those of its maker. A budget is within another when it is no larger and its window no shorter,
 * since the same amount in shorter windows is more money. Several budgets hold at once, so one of them is enough.
 */
import { parseBudgetRaise } from './budget-raise.ts';
import { beyond } from './ceiling-counts.ts';
import { type Aspect, type KeyCeiling, type KeyDraft, limitBounds, limitsOfDraft, withExtra } from './ceiling-terms.ts';
import { toFloatText } from './denial.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseDuration, SECOND_MS } from './duration.ts';
import type { KeyRecord, ModelBudget } from './key.ts';
import type { BudgetLimit, Limits } from './limits.ts';
import { toUsd } from './money.ts';

interface Budget {
  maxBudgetNanoUsd: number;
  /** Null: for ever. */
  budgetDuration: string | null;
}

const maxBudget: Aspect = {
  read: (draft) => {
    const { maxBudgetNanoUsd, budgetDuration } = limitsOfDraft(draft);
    return maxBudgetNanoUsd === null ? null : [maxBudgetNanoUsd, budgetDuration, raiseFields(draft.key)];
  },
  dependsOn: (draft) => limitsOfDraft(draft).budgetLimits,
  excess(draft, ceiling) {
    const bound = limitBounds(ceiling).find(({ limits }) => {
      const budget = ownBudget(limits);
      return budget !== null && !isCovered(draft, budget);
    });
    if (bound === undefined) return undefined;
    const asked = raisedBudget(draft);
    return { param: 'max_budget', message: budgetBeyond('max_budget', asked, bound.whose, ownBudget(bound.limits)) };
  },
  tighten(draft, ceiling) {
    const bounds = limitBounds(ceiling).map(({ limits }) => ownBudget(limits));
    const tightest = bounds.filter((budget) => budget !== null).sort(byAmount)[0];
    if (tightest === undefined) return draft.key;
    const { budgetDuration } = draft.key;
    const keepsWindow = budgetDuration !== null && isAtLeastAsLong(budgetDuration, tightest.budgetDuration);
    return {
      ...draft.key,
      maxBudgetNanoUsd: tightest.maxBudgetNanoUsd,
      budgetDuration: keepsWindow ? budgetDuration : tightest.budgetDuration,
    };
  },
};

const budgetLimits: Aspect = {
  read: (draft) => limitsOfDraft(draft).budgetLimits,
  dependsOn: maxBudget.read,
  excess(draft, ceiling) {
    for (const { whose, limits } of limitBounds(ceiling)) {
      const missing = limits.budgetLimits.find((budget) => !isCovered(draft, budget));
      if (missing !== undefined) {
        return { param: 'budget_limits', message: budgetBeyond('budget_limits', null, whose, missing) };
      }
    }
    return undefined;
  },
  tighten(draft, ceiling) {
    const all = limitBounds(ceiling).flatMap(({ limits }) => limits.budgetLimits);
    const missing = all.filter((budget) => !isCovered(draft, budget));
    const limits = [...limitsOfDraft(draft).budgetLimits, ...missing].map(toWritten);
    return withExtra(draft.key, 'budget_limits', limits);
  },
};

const modelMaxBudget: Aspect = {
  read: (draft) => limitsOfDraft(draft).modelMaxBudget,
  excess(draft, ceiling) {
    const budgets = limitsOfDraft(draft).modelMaxBudget;
    for (const { whose, limits } of limitBounds(ceiling)) {
      for (const [model, most] of Object.entries(limits.modelMaxBudget)) {
        const budget = Object.hasOwn(budgets, model) ? (budgets[model] as ModelBudget) : null;
        if (budget !== null && isWithin(budget, most)) continue;
        const message = budgetBeyond(`model_max_budget of '${model}'`, budget, whose, most);
        return { param: 'model_max_budget', message };
      }
    }
    return undefined;
  },
  tighten(draft, ceiling) {
    const budgets: Record<string, ModelBudget> = { ...limitsOfDraft(draft).modelMaxBudget };
    for (const { limits } of limitBounds(ceiling)) {
      for (const [model, most] of Object.entries(limits.modelMaxBudget)) {
        const budget = budgets[model];
        if (budget === undefined || !isWithin(budget, most)) budgets[model] = most;
      }
    }
    return { ...draft.key, modelMaxBudget: budgets };
  },
};

/** A hard budget may not become one that is only nearly kept. */
const budgetMode: Aspect = {
  read: (draft) => limitsOfDraft(draft).budgetMode,
  excess(draft, ceiling) {
    const bound = limitBounds(ceiling).find(({ limits }) => hasBudget(limits) && modeOf(limits, ceiling) === 'hard');
    if (bound === undefined || modeOf(limitsOfDraft(draft), ceiling) === 'hard') return undefined;
    return { param: 'budget_mode', message: `budget_mode must be hard, since that of ${bound.whose} is.` };
  },
  tighten: ({ key }): KeyRecord => ({ ...key, budgetMode: 'hard' }),
};

/** A raise is an administrator's act, wherever in the request it stands. */
const budgetRaise: Aspect = {
  read: ({ key }) => raiseFields(key),
  excess(draft, { capacity }) {
    if (capacity === 'admin' || raiseFields(draft.key) === null) return undefined;
    return {
      param: 'temp_budget_increase',
      message: 'temp_budget_increase and temp_budget_expiry may only be set by an administrator of the proxy.',
    };
  },
};

export const BUDGET_ASPECTS: readonly Aspect[] = [maxBudget, budgetLimits, modelMaxBudget, budgetMode, budgetRaise];

function ownBudget({ maxBudgetNanoUsd, budgetDuration }: Limits): Budget | null {
  return maxBudgetNanoUsd === null ? null : { maxBudgetNanoUsd, budgetDuration };
}

/** With what an administrator has added for a while. */
function raisedBudget(draft: KeyDraft): Budget | null {
  const budget = ownBudget(limitsOfDraft(draft));
  const raise = parseBudgetRaise(draft.key.metadata);
  if (budget === null || raise === null) return budget;
  return { ...budget, maxBudgetNanoUsd: budget.maxBudgetNanoUsd + raise.nanoUsd };
}

/** One of the key's budgets keeps it within this one. */
function isCovered(draft: KeyDraft, most: Budget): boolean {
  const own = raisedBudget(draft);
  if (own !== null && isWithin(own, most)) return true;
  return limitsOfDraft(draft).budgetLimits.some((limit) => isWithin(limit, most));
}

function isWithin(budget: Budget, most: Budget): boolean {
  return (
    budget.maxBudgetNanoUsd <= most.maxBudgetNanoUsd && isAtLeastAsLong(budget.budgetDuration, most.budgetDuration)
  );
}

function isAtLeastAsLong(duration: string | null, other: string | null): boolean {
  if (duration === other || duration === null) return true;
  return other !== null && shortestMs(duration) >= longestMs(other);
}

const UNIT_MS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS } as const;

/** A month has 28 days at least; what is no duration is shorter than any. */
function shortestMs(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) return 0;
  return duration.count * (duration.unit === 'mo' ? 28 * DAY_MS : UNIT_MS[duration.unit]);
}

function longestMs(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) return Number.POSITIVE_INFINITY;
  return duration.count * (duration.unit === 'mo' ? 31 * DAY_MS : UNIT_MS[duration.unit]);
}

function hasBudget(limits: Limits): boolean {
  return (
    limits.maxBudgetNanoUsd !== null || limits.budgetLimits.length > 0 || Object.keys(limits.modelMaxBudget).length > 0
  );
}

function modeOf(limits: Limits, { world }: KeyCeiling): string {
  return limits.budgetMode ?? world.defaultBudgetMode;
}

function raiseFields({ metadata }: KeyRecord): unknown {
  const { temp_budget_increase: increase = null, temp_budget_expiry: expiry = null } = metadata;
  return increase === null && expiry === null ? null : [increase, expiry];
}

function toWritten({ budgetDuration, maxBudgetNanoUsd }: BudgetLimit) {
  return { budget_duration: budgetDuration, max_budget: toUsd(maxBudgetNanoUsd) };
}

function byAmount(one: Budget, other: Budget): number {
  return one.maxBudgetNanoUsd - other.maxBudgetNanoUsd;
}

function budgetBeyond(what: string, asked: Budget | null, whose: string, most: Budget | null): string {
  return beyond(what, asked && budgetText(asked), whose, most === null ? 'none' : budgetText(most));
}

function budgetText({ maxBudgetNanoUsd, budgetDuration }: Budget): string {
  return `${toFloatText(maxBudgetNanoUsd)} per ${budgetDuration ?? 'lifetime'}`;
}
