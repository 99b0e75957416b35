import type { Limits } from '../../core/limits.ts';
import { memberRef } from '../../core/owner.ts';
import type { BudgetRecord, TeamMemberRecord, TeamRecord } from '../../core/owner-records.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { memberBudgetId } from './member-budget.ts';

/** Somebody in a team, with what only the counters and other rows know. */
export interface MemberView {
  member: TeamMemberRecord;
  email: string | null;
  /** Those that hold: the member's own, and the team's defaults where it has none. */
  limits: Limits;
  /** In the present budget window; what enforcement uses. */
  spendNanoUsd: number;
}

export interface TeamView {
  team: TeamRecord;
  limits: Limits;
  spendNanoUsd: number;
  members: readonly MemberView[];
  /** What members have where nothing is said of them. */
  memberBudget: BudgetRecord | null;
}

type Deps = Pick<OwnerManagement, 'owners' | 'readSpend'>;

/** A statement takes a limited number of values. */
const BATCH = 500;
/** More than the teams of a batch have; beyond it members are not listed. */
const MAX_MEMBERS = 50_000;

export async function viewTeam(deps: Deps, team: TeamRecord): Promise<TeamView> {
  const [view] = await viewTeams(deps, [team]);
  return view as TeamView;
}

/** A fixed number of queries, whatever the number of teams. */
export async function viewTeams(deps: Deps, teams: readonly TeamRecord[]): Promise<TeamView[]> {
  if (teams.length === 0) return [];
  const members = await listMembers(
    deps,
    teams.map(({ id }) => id),
  );
  const [budgets, users] = await Promise.all([
    findLinkedBudgets(deps, [
      ...teams.map(({ budgetId }) => budgetId),
      ...teams.map(memberBudgetId),
      ...members.map(({ budgetId }) => budgetId),
    ]),
    deps.owners.users.findMany([...new Set(members.map(({ userId }) => userId))]),
  ]);
  const emails = new Map(users.map(({ id, email }) => [id, email]));
  const teamLimits = teams.map((team) => fillFrom(budgets, team));
  const memberLimits = members.map((member) => fillFrom(budgets, member));
  const spent = await deps.readSpend([
    ...teams.map(({ id }, index) => ({ ref: { kind: 'team' as const, id }, windows: teamLimits[index] as Limits })),
    ...members.map(({ teamId, userId }, index) => ({
      ref: memberRef(teamId, userId),
      windows: memberLimits[index] as Limits,
    })),
  ]);
  const viewed = members.map((member, index) => ({
    member,
    email: emails.get(member.userId) ?? null,
    limits: memberLimits[index] as Limits,
    spendNanoUsd: spent[teams.length + index] ?? 0,
  }));
  const byTeam = new Map<string, MemberView[]>(teams.map(({ id }) => [id, []]));
  for (const view of viewed) byTeam.get(view.member.teamId)?.push(view);
  return teams.map((team, index) => ({
    team,
    limits: teamLimits[index] as Limits,
    spendNanoUsd: spent[index] ?? 0,
    members: byTeam.get(team.id) ?? [],
    memberBudget: budgets.get(memberBudgetId(team) ?? '') ?? null,
  }));
}

/** In the order in which they came. */
async function listMembers({ owners }: Pick<Deps, 'owners'>, teamIds: readonly string[]): Promise<TeamMemberRecord[]> {
  const members: TeamMemberRecord[] = [];
  for (let start = 0; start < teamIds.length; start += BATCH) {
    const { records } = await owners.teamMembers.list({
      scope: 'all',
      where: { teamId: teamIds.slice(start, start + BATCH) },
      sortBy: 'createdAtMs',
      sortOrder: 'asc',
      limit: MAX_MEMBERS,
      offset: 0,
    });
    members.push(...records);
  }
  return members;
}
