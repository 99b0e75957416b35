import type { Caller } from '../../core/caller.ts';
import { type Limits, NO_LIMITS } from '../../core/limits.ts';
import { organizationMemberRef } from '../../core/owner.ts';
import type {
  BudgetRecord,
  OrganizationMemberRecord,
  OrganizationRecord,
  UserRecord,
} from '../../core/owner-records.ts';
import { scopeOf } from '../../core/rights.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { type TeamView, viewTeams } from '../teams/view-team.ts';

export interface OrganizationMemberView {
  member: OrganizationMemberRecord;
  /** Null: the administrator with the master key, who has no row. */
  user: UserRecord | null;
  /** What the person may use up here; null: nothing was said. */
  budget: BudgetRecord | null;
  /** Spent as a member, in the present window of that budget; what enforcement uses. */
  spendNanoUsd: number;
}

/** An organisation as it is shown, with those of its members and teams that the caller may see. */
export interface OrganizationView {
  record: OrganizationRecord;
  limits: Limits;
  /** Spent in the present budget window; what enforcement uses. */
  spendNanoUsd: number;
  members: readonly OrganizationMemberView[];
  teams: readonly TeamView[];
}

export interface ViewedOrganizations {
  views: OrganizationView[];
  /** How many members and teams there are beyond those that are shown. */
  leftOut: { members: number; teams: number };
}

type Deps = Pick<OwnerManagement, 'owners' | 'readSpend'>;

/** Of one answer; the lists of users and teams have all of them, page by page. */
const MAX_MEMBERS = 5_000;
const MAX_TEAMS = 500;

/** A fixed number of queries, whatever the number of organisations. */
export async function viewOrganizations(
  deps: Deps,
  caller: Caller,
  records: readonly OrganizationRecord[],
): Promise<ViewedOrganizations> {
  if (records.length === 0) return { views: [], leftOut: { members: 0, teams: 0 } };
  const ids = records.map(({ id }) => id);
  const shown = { scope: scopeOf(caller), where: { organizationId: ids }, sortOrder: 'asc', offset: 0 } as const;
  const [members, teams] = await Promise.all([
    deps.owners.organizationMembers.list({ ...shown, limit: MAX_MEMBERS }),
    deps.owners.teams.list({ ...shown, limit: MAX_TEAMS }),
  ]);
  const [budgets, memberViews, teamViews] = await Promise.all([
    findLinkedBudgets(
      deps,
      records.map(({ budgetId }) => budgetId),
    ),
    viewOrganizationMembers(deps, members.records),
    viewTeams(deps, teams.records),
  ]);
  const limits = records.map((record) => fillFrom(budgets, record));
  const spent = await deps.readSpend(
    ids.map((id, index) => ({ ref: { kind: 'organization', id }, windows: limits[index] as Limits })),
  );
  const views = records.map((record, index) => ({
    record,
    limits: limits[index] as Limits,
    spendNanoUsd: spent[index] ?? 0,
    members: memberViews.filter(({ member }) => member.organizationId === record.id),
    teams: teamViews.filter(({ team }) => team.organizationId === record.id),
  }));
  const leftOut = { members: members.total - members.records.length, teams: teams.total - teams.records.length };
  return { views, leftOut };
}

export async function viewOrganization(
  deps: Deps,
  caller: Caller,
  record: OrganizationRecord,
): Promise<OrganizationView> {
  const { views } = await viewOrganizations(deps, caller, [record]);
  return views[0] as OrganizationView;
}

/** Two queries and one look at the counters, whatever the number. */
export async function viewOrganizationMembers(
  deps: Deps,
  members: readonly OrganizationMemberRecord[],
): Promise<OrganizationMemberView[]> {
  const [budgets, users] = await Promise.all([
    findLinkedBudgets(
      deps,
      members.map(({ budgetId }) => budgetId),
    ),
    deps.owners.users.findMany([...new Set(members.map(({ userId }) => userId))]),
  ]);
  const byId = new Map(users.map((user) => [user.id, user]));
  const rows = members.map(({ budgetId }) => budgets.get(budgetId ?? '') ?? null);
  const spent = await deps.readSpend(
    members.map(({ organizationId, userId }, index) => ({
      ref: organizationMemberRef(organizationId, userId),
      windows: rows[index] ?? NO_LIMITS,
    })),
  );
  return members.map((member, index) => ({
    member,
    user: byId.get(member.userId) ?? null,
    budget: rows[index] ?? null,
    spendNanoUsd: spent[index] ?? 0,
  }));
}
