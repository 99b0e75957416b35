import type { Config } from '../config/config.ts';
import type { OwnerReaders } from '../storage/owners/owner-storage.ts';

/**
 * Says so where the budget row for end users that the configuration names does not exist: a limit that nobody notices is
 * missing. The gateway starts all the same, since the row is made through its API.
 */
export async function warnOfMissingBudget(
  { general }: Pick<Config, 'general'>,
  { budgets }: Pick<OwnerReaders, 'budgets'>,
  logger: { warn(fields: object, message: string): void },
): Promise<void> {
  const { maxEndUserBudgetId: budgetId, maxEndUserBudgetNanoUsd: instead } = general;
  if (budgetId === null || (await budgets.find([budgetId])) !== undefined) return;
  logger.warn(
    { setting: 'litellm_settings.max_end_user_budget_id', budgetId },
    'litellm_settings.max_end_user_budget_id names a budget row that does not exist: end users without limits of their own ' +
      `${instead === null ? 'have none' : 'fall under max_end_user_budget'}. Make it with /budget/new; it then holds at once.`,
  );
}
