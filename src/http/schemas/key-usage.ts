/** What a key has spent of its budgets by model and over further lengths of time, as /key/info shows it. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import type { KeyUsage } from '../../management/keys/read-usage.ts';

const Spent = z.number().describe('US dollars in the current window.');

export const KEY_USAGE_SHAPE = {
  model_max_budget_usage: z
    .record(
      z.string(),
      z.object({
        current_spend: Spent,
        budget_limit: z.number(),
        time_period: z.string().nullable().describe('null: for the whole life of the key.'),
      }),
    )
    .optional()
    .describe('Of each model in model_max_budget. Absent where there is none.'),
  budget_limits_usage: z
    .record(z.string(), z.object({ current_spend: Spent }))
    .optional()
    .describe('Of each budget_duration in budget_limits. Absent where there is none.'),
};

export function fromKeyUsage({ models, windows }: KeyUsage): z.output<z.ZodObject<typeof KEY_USAGE_SHAPE>> {
  const ofModels = models.map(({ model, budget, spentNanoUsd }) => [
    model,
    {
      current_spend: toUsd(spentNanoUsd),
      budget_limit: toUsd(budget.maxBudgetNanoUsd),
      time_period: budget.budgetDuration,
    },
  ]);
  const ofWindows = windows.map(({ budgetDuration, spentNanoUsd }) => [
    budgetDuration,
    { current_spend: toUsd(spentNanoUsd) },
  ]);
  return {
    ...(models.length > 0 ? { model_max_budget_usage: Object.fromEntries(ofModels) } : {}),
    ...(windows.length > 0 ? { budget_limits_usage: Object.fromEntries(ofWindows) } : {}),
  };
}
