import { GatewayError } from '../../core/gateway-error.ts';
import type { Limits } from '../../core/limits.ts';
import type { EndUserRecord } from '../../core/owner-records.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

/** What the verbs over customers ask of the world. */
export type EndUserManagement = OwnerManagement;

export interface EndUserView {
  record: EndUserRecord;
  /** Its own, and those of its budget row where it says nothing. */
  limits: Limits;
  /** Spent in the present budget window; what enforcement uses. */
  spendNanoUsd: number;
}

/** Two queries, whatever the number. */
export async function viewEndUsers(
  deps: Pick<OwnerManagement, 'owners' | 'readSpend'>,
  records: readonly EndUserRecord[],
): Promise<EndUserView[]> {
  const budgets = await findLinkedBudgets(
    deps,
    records.map(({ budgetId }) => budgetId),
  );
  const limits = records.map((record) => fillFrom(budgets, record));
  const owners = records.map(({ id }, index) => ({
    ref: { kind: 'end_user' as const, id },
    windows: limits[index] as Limits,
  }));
  const spent = owners.length === 0 ? [] : await deps.readSpend(owners);
  return records.map((record, index) => ({
    record,
    limits: limits[index] as Limits,
    spendNanoUsd: spent[index] ?? 0,
  }));
}

export async function viewEndUser(
  deps: Pick<OwnerManagement, 'owners' | 'readSpend'>,
  record: EndUserRecord,
): Promise<EndUserView> {
  const [view] = await viewEndUsers(deps, [record]);
  return view as EndUserView;
}

export function endUserNotFound(
  ids: readonly string[],
  param: 'user_id' | 'end_user_id' | 'user_ids' = 'user_id',
): GatewayError {
  const named = ids.join(', ').slice(0, 500);
  const message =
    param === 'user_ids' ? `End User Id(s)=${named} do not exist in db` : `End User Id=${named} does not exist in db`;
  return new GatewayError('customer_not_found', message, { param });
}
