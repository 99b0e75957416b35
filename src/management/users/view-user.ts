import type { Limits } from '../../core/limits.ts';
import type { TeamMemberRecord, UserRecord } from '../../core/owner-records.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

/** A user as it is shown: its record, the limits that hold, where it belongs, and what only the counters know. */
export interface UserView {
  record: UserRecord;
  limits: Limits;
  /** Spent in the present budget window; what enforcement uses. */
  spendNanoUsd: number;
  memberships: readonly TeamMemberRecord[];
}

/** More than the users of a page have; beyond it memberships are not shown. */
const MAX_MEMBERSHIPS = 20_000;

/** Three queries, whatever the number. */
export async function viewUsers(
  deps: Pick<OwnerManagement, 'owners' | 'readSpend'>,
  records: readonly UserRecord[],
): Promise<UserView[]> {
  if (records.length === 0) return [];
  const where = { userId: records.map(({ id }) => id) };
  const [budgets, { records: memberships }] = await Promise.all([
    findLinkedBudgets(
      deps,
      records.map(({ budgetId }) => budgetId),
    ),
    deps.owners.teamMembers.list({ scope: 'all', where, limit: MAX_MEMBERSHIPS, offset: 0 }),
  ]);
  const limits = records.map((record) => fillFrom(budgets, record));
  const spent = await deps.readSpend(
    records.map(({ id }, index) => ({ ref: { kind: 'user', id }, windows: limits[index] as Limits })),
  );
  return records.map((record, index) => ({
    record,
    limits: limits[index] as Limits,
    spendNanoUsd: spent[index] ?? 0,
    memberships: memberships.filter(({ userId }) => userId === record.id),
  }));
}

export async function viewUser(
  deps: Pick<OwnerManagement, 'owners' | 'readSpend'>,
  record: UserRecord,
): Promise<UserView> {
  const [view] = await viewUsers(deps, [record]);
  return view as UserView;
}
