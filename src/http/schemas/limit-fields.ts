/** Limits on the wire: the fields that budgets, users, teams, members and all other owners have in common. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { isJsonObject } from '../../core/json.ts';
import type { BudgetLimit, Limits } from '../../core/limits.ts';
import { toUsd } from '../../core/money.ts';
import type { LimitFields } from '../../management/owners/limit-fields.ts';
import { DURATION_HELP, LaxDollars, LaxInteger, LaxNumber, OpenObject, toCeilingNanoUsd } from './key-shapes.ts';
import { fromModelBudgets, toModelBudgets, toModelRates } from './model-max-budget.ts';

export const LIMIT_SHAPE = {
  max_budget: LaxDollars.nullish().describe('US dollars per budget_duration; 0 blocks every call, null: no budget.'),
  soft_budget: LaxDollars.nullish().describe('US dollars; calls go on beyond it.'),
  budget_duration: z.string().nullish().describe(`Length of the budget's clock window. ${DURATION_HELP}`),
  budget_mode: z
    .enum(['standard', 'hard'])
    .nullish()
    .describe('hard: max_budget is never exceeded. null: the default.'),
  budget_limits: z
    .array(z.unknown())
    .nullish()
    .describe('Further budgets that hold as well: a list of {budget_duration, max_budget}.'),
  model_max_budget: OpenObject.nullish().describe(
    'Model → dollars, or {budget_limit, time_period, rpm_limit, tpm_limit}.',
  ),
  rpm_limit: LaxInteger.nullish().describe('Requests per minute; 0 allows none.'),
  tpm_limit: LaxInteger.nullish().describe('Tokens per minute; 0 allows none.'),
  max_parallel_requests: LaxInteger.nullish().describe('Calls in flight at once; 0 allows none.'),
  model_rpm_limit: z.record(z.string(), LaxInteger).nullish().describe('Model → requests per minute.'),
  model_tpm_limit: z.record(z.string(), LaxInteger).nullish().describe('Model → tokens per minute.'),
};

export type LimitBody = z.output<z.ZodObject<typeof LIMIT_SHAPE>>;

/** Absent, null and a value stay three different things. Throws bad_request for a budget of no known shape. */
export function toLimitFields(body: LimitBody): LimitFields {
  const given: Record<string, unknown> = {
    maxBudgetNanoUsd: map(body.max_budget, toCeilingNanoUsd),
    softBudgetNanoUsd: map(body.soft_budget, toCeilingNanoUsd),
    budgetDuration: body.budget_duration,
    budgetMode: body.budget_mode,
    budgetLimits: map(body.budget_limits, (limits) => limits.map(toBudgetLimit)),
    modelMaxBudget: map(body.model_max_budget, toModelBudgets),
    modelRates: toModelRates(body.model_max_budget),
    rpmLimit: body.rpm_limit,
    tpmLimit: body.tpm_limit,
    maxParallelRequests: body.max_parallel_requests,
    modelRpmLimit: body.model_rpm_limit,
    modelTpmLimit: body.model_tpm_limit,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What only the clock knows of limits: when their windows end. */
export interface LimitClock {
  resetAt(duration: string): string;
}

/** Limits as a reply shows them. */
export function fromLimits(limits: Limits, clock: LimitClock) {
  return {
    max_budget: toUsdOrNull(limits.maxBudgetNanoUsd),
    soft_budget: toUsdOrNull(limits.softBudgetNanoUsd),
    budget_duration: limits.budgetDuration,
    budget_reset_at: limits.budgetDuration === null ? null : clock.resetAt(limits.budgetDuration),
    budget_mode: limits.budgetMode,
    budget_limits:
      limits.budgetLimits.length === 0 ? null : limits.budgetLimits.map((limit) => fromBudgetLimit(limit, clock)),
    model_max_budget: fromModelBudgets(limits.modelMaxBudget),
    rpm_limit: limits.rpmLimit,
    tpm_limit: limits.tpmLimit,
    max_parallel_requests: limits.maxParallelRequests,
    model_rpm_limit: { ...limits.modelRpmLimit },
    model_tpm_limit: { ...limits.modelTpmLimit },
  };
}

function toBudgetLimit(value: unknown): BudgetLimit {
  const dollars = isJsonObject(value) ? LaxNumber.safeParse(value.max_budget) : undefined;
  if (!isJsonObject(value) || dollars?.success !== true || typeof value.budget_duration !== 'string') {
    throw new GatewayError('bad_request', 'budget_limits must be a list of {budget_duration, max_budget}.', {
      param: 'budget_limits',
    });
  }
  return { maxBudgetNanoUsd: toCeilingNanoUsd(dollars.data), budgetDuration: value.budget_duration };
}

function fromBudgetLimit({ maxBudgetNanoUsd, budgetDuration }: BudgetLimit, { resetAt }: LimitClock) {
  return { budget_duration: budgetDuration, max_budget: toUsd(maxBudgetNanoUsd), reset_at: resetAt(budgetDuration) };
}

function toUsdOrNull(nanoUsd: number | null): number | null {
  return nanoUsd === null ? null : toUsd(nanoUsd);
}

function map<T, U>(value: T | null | undefined, change: (value: T) => U): U | null | undefined {
  return value === null || value === undefined ? (value as null | undefined) : change(value);
}
