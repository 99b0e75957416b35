import { GatewayError } from '../../core/gateway-error.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';

const BUDGET_ID = { name: 'budget_id', param: 'budget_id' };

/**
 * A link to nothing would be a limit that nobody notices is missing. Throws bad_request that names the field. `name`: what
 * the request calls it, where it is not a field of its own.
 */
export async function assertBudgetExists(
  unit: Pick<WriteUnit, 'budgets'>,
  budgetId: string | null,
  { name, param } = BUDGET_ID,
): Promise<void> {
  if (budgetId === null || (await unit.budgets.find([budgetId])) !== undefined) return;
  throw new GatewayError(
    'bad_request',
    `Budget not found, passed ${name}=${budgetId}. Make it with /budget/new first.`,
    { param },
  );
}
