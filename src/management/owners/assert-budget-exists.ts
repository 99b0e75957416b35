import { GatewayError } from '../../core/gateway-error.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';

/** A link to nothing would be a limit that nobody notices is missing. Throws bad_request that names `budget_id`. */
export async function assertBudgetExists(unit: Pick<WriteUnit, 'budgets'>, budgetId: string | null): Promise<void> {
  if (budgetId === null || (await unit.budgets.find([budgetId])) !== undefined) return;
  throw new GatewayError(
    'bad_request',
    `Budget not found, passed budget_id=${budgetId}. Make it with /budget/new first.`,
    {
      param: 'budget_id',
    },
  );
}
