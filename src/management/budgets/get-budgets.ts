import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { BudgetRecord } from '../../core/owner-records.ts';
import { maySeeAll, refuseAct } from '../../core/rights.ts';
import type { BudgetManagement } from './budget-management.ts';

/** The rows of these ids, in their order; unknown ones are left out. Throws not_admin, bad_request (no id). */
export async function getBudgets(
  deps: Pick<BudgetManagement, 'owners'>,
  caller: Caller,
  ids: readonly string[],
): Promise<BudgetRecord[]> {
  if (!maySeeAll(caller)) throw refuseAct(caller, '/budget/info');
  if (ids.length === 0) {
    throw new GatewayError('bad_request', "Specify list of budget id's to query. None is passed in.", {
      param: 'budgets',
    });
  }
  const found = new Map((await deps.owners.budgets.findMany(ids)).map((budget) => [budget.id, budget]));
  return [...new Set(ids)].flatMap((id) => found.get(id) ?? []);
}

/** One page of all rows, newest first. Throws not_admin. */
export async function listBudgets(
  deps: Pick<BudgetManagement, 'owners'>,
  caller: Caller,
  page: { limit: number; offset: number },
): Promise<BudgetRecord[]> {
  if (!maySeeAll(caller)) throw refuseAct(caller, '/budget/list');
  return (await deps.owners.budgets.list({ scope: 'all', ...page })).records;
}
