import { GatewayError } from '../../core/gateway-error.ts';
import { type Limits, type ModelRates, NO_LIMITS } from '../../core/limits.ts';
import { getDuration } from '../keys/get-duration.ts';

/**
 * What a request says about an owner's limits. Three-valued: absent = not mentioned, null = no value (clears), anything
 * else = that value; 0 is a value. Money in nano-dollars, possibly NaN or infinite until `assertLimitFields` has looked.
 */
export type LimitFields = { readonly [Name in keyof Limits]?: Limits[Name] | null } & {
  /** Said beside the budgets of models; kept as their `modelRpmLimit` and `modelTpmLimit`. */
  readonly modelRates?: ModelRates;
};

/** Limits with what the request says laid over them. */
export function mergeLimits(current: Limits, fields: LimitFields): Limits {
  const merged: Record<string, unknown> = {};
  for (const name of Object.keys(NO_LIMITS) as (keyof Limits)[]) {
    const given = fields[name];
    merged[name] = given === undefined ? current[name] : (given ?? NO_LIMITS[name]);
  }
  const limits = merged as unknown as Limits;
  if (fields.modelRates === undefined) return limits;
  const { rpm, tpm } = fields.modelRates;
  return {
    ...limits,
    modelRpmLimit: withRates(limits.modelRpmLimit, rpm, fields.modelRpmLimit),
    modelTpmLimit: withRates(limits.modelTpmLimit, tpm, fields.modelTpmLimit),
  };
}

/** Beside what the same request says of such limits in their own field they are the weaker word, and else the newer one. */
function withRates(
  merged: Readonly<Record<string, number>>,
  rates: Readonly<Record<string, number>>,
  given: Readonly<Record<string, number>> | null | undefined,
): Readonly<Record<string, number>> {
  return given === undefined || given === null ? { ...merged, ...rates } : { ...rates, ...merged };
}

/** Field → its name on the wire, which is what a refusal names. */
const MONEY = { maxBudgetNanoUsd: 'max_budget', softBudgetNanoUsd: 'soft_budget' } as const;
const COUNTS = { rpmLimit: 'rpm_limit', tpmLimit: 'tpm_limit', maxParallelRequests: 'max_parallel_requests' } as const;
const COUNTS_BY_MODEL = { modelRpmLimit: 'model_rpm_limit', modelTpmLimit: 'model_tpm_limit' } as const;
/** Integers up to here are exact, in nano-dollars as in counts. */
const MAX_USD = 9_000_000;
const MAX_ENTRIES = 1_000;

/** Throws `bad_request` (400) with the wire's name of the field in `param` for whatever could not be enforced as it stands. */
export function assertLimitFields(fields: LimitFields): void {
  for (const [field, param] of entriesOf(MONEY)) assertMoney(fields[field], param);
  for (const [field, param] of entriesOf(COUNTS)) assertCount(fields[field], param);
  for (const [field, param] of entriesOf(COUNTS_BY_MODEL)) {
    const limits = Object.entries(fields[field] ?? {});
    assertNotTooMany(limits, param);
    for (const [model, limit] of limits) assertCount(limit, param, ` of '${model.slice(0, 100)}'`);
  }
  if (fields.budgetDuration != null) getDuration(fields.budgetDuration, 'budget_duration');
  const modelBudgets = Object.values(fields.modelMaxBudget ?? {});
  assertNotTooMany(modelBudgets, 'model_max_budget');
  for (const budget of modelBudgets) {
    assertMoney(budget.maxBudgetNanoUsd, 'model_max_budget');
    if (budget.budgetDuration !== null) getDuration(budget.budgetDuration, 'model_max_budget');
  }
  assertNotTooMany(fields.budgetLimits ?? [], 'budget_limits');
  for (const { maxBudgetNanoUsd, budgetDuration } of fields.budgetLimits ?? []) {
    assertMoney(maxBudgetNanoUsd, 'budget_limits');
    getDuration(budgetDuration, 'budget_limits');
  }
}

function assertNotTooMany(entries: readonly unknown[], param: string): void {
  if (entries.length > MAX_ENTRIES) refuse(param, `${param} cannot have more than ${MAX_ENTRIES} entries.`);
}

function assertMoney(nanoUsd: number | null | undefined, param: string): void {
  if (nanoUsd === undefined || nanoUsd === null) return;
  if (!Number.isFinite(nanoUsd) || nanoUsd < 0) refuse(param, `${param} must be a non-negative finite number.`);
  if (nanoUsd > MAX_USD * 1e9)
    refuse(param, `${param} cannot be more than ${MAX_USD} dollars; leave it out for no limit.`);
}

function assertCount(count: number | null | undefined, param: string, of = ''): void {
  if (count === undefined || count === null) return;
  if (!Number.isFinite(count)) refuse(param, `${param}${of} must be a finite number.`);
  if (count < 0) refuse(param, `${param}${of} cannot be negative.`);
  if (!Number.isSafeInteger(count)) refuse(param, `${param}${of} must be a whole number that is not too large.`);
}

function refuse(param: string, message: string): never {
  throw new GatewayError('bad_request', message, { param });
}

function entriesOf<Name extends string, Wire extends string>(table: Readonly<Record<Name, Wire>>): [Name, Wire][] {
  return Object.entries(table) as [Name, Wire][];
}
