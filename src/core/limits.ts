import type { BudgetMode, ModelBudget } from './key.ts';

/** One of several budgets that hold at once, each in clock windows of its own length. */
export interface BudgetLimit {
  maxBudgetNanoUsd: number;
  budgetDuration: string;
}

/**
 * What an owner of whatever kind may use up. Null means "not set", which is not the same as 0 ("nothing allowed").
 * A budget row is nothing but this; users, teams, members and all others have it too.
 */
export interface Limits {
  maxBudgetNanoUsd: number | null;
  /** Calls go on beyond it; somebody is told. */
  softBudgetNanoUsd: number | null;
  budgetDuration: string | null;
  /** Null: `general_settings.budget_mode`. */
  budgetMode: BudgetMode | null;
  /** Further budgets, beside `maxBudgetNanoUsd`. */
  budgetLimits: readonly BudgetLimit[];
  modelMaxBudget: Readonly<Record<string, ModelBudget>>;
  rpmLimit: number | null;
  tpmLimit: number | null;
  maxParallelRequests: number | null;
  modelRpmLimit: Readonly<Record<string, number>>;
  modelTpmLimit: Readonly<Record<string, number>>;
}

/** Requests and tokens per minute, by model. */
export interface ModelRates {
  rpm: Readonly<Record<string, number>>;
  tpm: Readonly<Record<string, number>>;
}

export const NO_LIMITS: Limits = Object.freeze({
  maxBudgetNanoUsd: null,
  softBudgetNanoUsd: null,
  budgetDuration: null,
  budgetMode: null,
  budgetLimits: Object.freeze([]),
  modelMaxBudget: Object.freeze({}),
  rpmLimit: null,
  tpmLimit: null,
  maxParallelRequests: null,
  modelRpmLimit: Object.freeze({}),
  modelTpmLimit: Object.freeze({}),
});

const LIMIT_NAMES = Object.keys(NO_LIMITS) as readonly (keyof Limits)[];

/** An owner's own limits, and where it says nothing those of the budget row that it is linked to. */
export function fillLimits(own: Limits, linked: Limits | null): Limits {
  if (linked === null) return own;
  const filled: Record<string, unknown> = {};
  for (const name of LIMIT_NAMES) filled[name] = isSet(own[name]) ? own[name] : linked[name];
  // No duration means "for life", and says so together with an amount: the row must not lend such a budget its window.
  // A duration without an amount is the owner's word as well, and goes before the row's, whose amount it then divides.
  if (own.maxBudgetNanoUsd !== null) filled.budgetDuration = own.budgetDuration;
  return filled as unknown as Limits;
}

function isSet(value: Limits[keyof Limits]): boolean {
  if (value === null) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Limits that are plain counts, with their names on the wire. */
export const COUNT_LIMITS = [
  ['rpmLimit', 'rpm_limit'],
  ['tpmLimit', 'tpm_limit'],
  ['maxParallelRequests', 'max_parallel_requests'],
] as const;

/** The same for counts that each model has of its own. */
export const COUNT_LIMITS_BY_MODEL = [
  ['modelRpmLimit', 'model_rpm_limit'],
  ['modelTpmLimit', 'model_tpm_limit'],
] as const;
