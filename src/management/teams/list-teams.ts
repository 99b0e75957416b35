import type { Caller } from '../../core/caller.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import { mayManageTeam, maySeeAll, scopeOf } from '../../core/rights.ts';
import type { RecordQuery } from '../../storage/owners/owner-storage.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { type MemberView, type TeamView, viewTeams } from './view-team.ts';

/** Which teams, in which order. Null: no filter. */
export interface TeamListing {
  /** A member of it. */
  userId: string | null;
  /** `null` for any, `''` for teams without one. */
  organizationId: string | null;
  teamId: string | null;
  /** Part of an id or alias. */
  search: string | null;
  deleted: boolean;
  sortBy: NonNullable<RecordQuery<TeamRecord>['sortBy']>;
  sortOrder: 'asc' | 'desc';
  limit: number;
  offset: number;
}

export interface ListedTeam extends TeamView {
  /** Those of the members that the caller may look into. */
  memberships: readonly MemberView[];
}

/** More than any person has. */
const MAX_MEMBERSHIPS = 10_000;

/** The teams that the caller may see: all, or those that it is in or administers. */
export async function listTeams(
  deps: Pick<OwnerManagement, 'owners' | 'readSpend'>,
  caller: Caller,
  listing: TeamListing,
): Promise<{ teams: ListedTeam[]; total: number }> {
  const where: RecordQuery<TeamRecord>['where'] = {
    ...(listing.organizationId === null ? {} : { organizationId: listing.organizationId || null }),
    ...(await toIdFilter(deps, listing)),
  };
  const { records, total } = await deps.owners.teams.list({
    scope: scopeOf(caller),
    where,
    ...(listing.search === null ? {} : { search: listing.search }),
    deleted: listing.deleted,
    sortBy: listing.sortBy,
    sortOrder: listing.sortOrder,
    limit: listing.limit,
    offset: listing.offset,
  });
  const views = await viewTeams(deps, records);
  return { teams: views.map((view) => ({ ...view, memberships: visibleMemberships(caller, view) })), total };
}

async function toIdFilter(
  { owners }: Pick<OwnerManagement, 'owners'>,
  { userId, teamId }: TeamListing,
): Promise<{ id?: readonly string[] }> {
  if (userId === null) return teamId === null ? {} : { id: [teamId] };
  const { records } = await owners.teamMembers.list({
    scope: 'all',
    where: { userId, ...(teamId === null ? {} : { teamId }) },
    limit: MAX_MEMBERSHIPS,
    offset: 0,
  });
  return { id: records.map((member) => member.teamId) };
}

function visibleMemberships(caller: Caller, { team, members }: TeamView): readonly MemberView[] {
  if (maySeeAll(caller) || mayManageTeam(caller, team)) return members;
  return members.filter(({ member }) => member.userId === caller.userId);
}
