/** Budgets per model: LiteLLM's two spellings, and the plain number, ⇄ `ModelBudget`. */
import { GatewayError } from '../../core/gateway-error.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ModelBudget } from '../../core/key.ts';
import type { ModelRates } from '../../core/limits.ts';
import { toUsd } from '../../core/money.ts';
import { LaxInteger, LaxNumber, toCeilingNanoUsd } from './key-shapes.ts';

const PARAM = 'model_max_budget';

/** `{model: 5}`, `{model: {budget_limit, time_period}}` or `{model: {max_budget, budget_duration}}`; else bad_request. */
export function toModelBudgets(value: Readonly<Record<string, unknown>>): Record<string, ModelBudget> {
  return Object.fromEntries(Object.entries(value).map(([model, budget]) => [model, toModelBudget(model, budget)]));
}

/**
 * LiteLLM also takes `rpm_limit` and `tpm_limit` beside a model's budget. They are the model's `model_rpm_limit` and
 * `model_tpm_limit`, and are kept there. Undefined: there are none. Throws bad_request.
 */
export function toModelRates(value: Readonly<Record<string, unknown>> | null | undefined): ModelRates | undefined {
  const rates = { rpm: readRates(value ?? {}, 'rpm_limit'), tpm: readRates(value ?? {}, 'tpm_limit') };
  return Object.keys(rates.rpm).length + Object.keys(rates.tpm).length === 0 ? undefined : rates;
}

function readRates(value: Readonly<Record<string, unknown>>, name: 'rpm_limit' | 'tpm_limit'): Record<string, number> {
  const rates = Object.entries(value).flatMap(([model, budget]) => {
    const given = isJsonObject(budget) ? budget[name] : null;
    if (given === null || given === undefined) return [];
    const count = LaxInteger.safeParse(given);
    if (count.success && count.data >= 0 && Number.isSafeInteger(count.data)) return [[model, count.data] as const];
    throw new GatewayError(
      'bad_request',
      `${PARAM}: ${name} of '${model.slice(0, 100)}' must be a whole number of at least 0.`,
      {
        param: PARAM,
      },
    );
  });
  return Object.fromEntries(rates);
}

/** A number for a lifetime budget, else LiteLLM's newest names. */
export function fromModelBudgets(budgets: Readonly<Record<string, ModelBudget>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(budgets).map(([model, { maxBudgetNanoUsd, budgetDuration }]) => {
      const usd = toUsd(maxBudgetNanoUsd);
      return [model, budgetDuration === null ? usd : { budget_limit: usd, time_period: budgetDuration }];
    }),
  );
}

function toModelBudget(model: string, value: unknown): ModelBudget {
  const limit = isJsonObject(value) ? (value.budget_limit ?? value.max_budget) : value;
  const duration = isJsonObject(value) ? (value.time_period ?? value.budget_duration ?? null) : null;
  const dollars = LaxNumber.safeParse(limit);
  if (!dollars.success || (duration !== null && typeof duration !== 'string')) {
    const shapes = 'a number, or an object with budget_limit and time_period';
    throw new GatewayError('bad_request', `${PARAM}: the budget of '${model.slice(0, 100)}' must be ${shapes}.`, {
      param: PARAM,
    });
  }
  return { maxBudgetNanoUsd: toCeilingNanoUsd(dollars.data), budgetDuration: duration };
}
