import type { Caller } from '../../core/caller.ts';
import { type KeyAct, refuseMember } from '../../core/permissions.ts';
import { maySeeAll, scopeOf } from '../../core/rights.ts';
import type { OwnedScope, Scope } from '../../core/scope.ts';
import type { KeyManagement } from './key-management.ts';

/** What somebody asks to see beside the keys that are its own. */
export interface KeySpan {
  teamKeys: boolean;
  createdKeys: boolean;
}

/**
 * The keys that a list may show to the caller: its own and those of its organisations; with `teamKeys` those of the teams
 * that it administers or whose members may list keys, and of its other teams those that belong to no user; with
 * `createdKeys` those that it made, as long as it is where they are. To the administrators of the proxy all.
 */
export async function toListScope(
  deps: Pick<KeyManagement, 'standingOf'>,
  caller: Caller,
  span: KeySpan,
): Promise<Scope> {
  const scope = scopeOf(caller);
  if (scope === 'all') return scope;
  const { teams, organizations } = caller.memberships;
  return {
    ...scope,
    ...(span.teamKeys ? await listTeams(deps, caller) : { teamIds: [] }),
    ...(span.createdKeys
      ? {
          creatorIds: scope.userIds,
          creatorTeamIds: teams.slice(0, MAX_TEAMS).map(({ teamId }) => teamId),
          creatorOrganizationIds: organizations.slice(0, MAX_TEAMS).map(({ organizationId }) => organizationId),
        }
      : {}),
  };
}

/** Teams all of whose keys are open to the user: to itself as its rights go, to others as teams that it administers. */
export async function listTeamsOf(
  deps: Pick<KeyManagement, 'standingOf' | 'owners'>,
  caller: Caller,
  userId: string,
): Promise<readonly string[]> {
  if (userId === caller.userId && !maySeeAll(caller)) {
    const { teamIds, sharedTeamIds } = await listTeams(deps, caller);
    return [...teamIds, ...sharedTeamIds];
  }
  const { records } = await deps.owners.teamMembers.list({
    scope: scopeOf(caller),
    where: { userId, role: 'admin' },
    limit: MAX_TEAMS,
    offset: 0,
  });
  return records.map(({ teamId }) => teamId);
}

/** More than any person has; a statement holds the list several times, and takes 32,766 names. */
const MAX_TEAMS = 5_000;

/** The caller's teams whose keys it may list, and those of which it sees the keys without a user. */
async function listTeams(
  deps: Pick<KeyManagement, 'standingOf'>,
  caller: Caller,
): Promise<Pick<OwnedScope, 'teamIds' | 'sharedTeamIds'>> {
  const teamIds: string[] = [];
  const sharedTeamIds: string[] = [];
  for (const { teamId, role } of caller.memberships.teams.slice(0, MAX_TEAMS)) {
    if (role === 'admin') {
      teamIds.push(teamId);
      continue;
    }
    const { path } = await deps.standingOf({ userId: null, teamId, organizationId: null, budgetId: null });
    const opens = (act: KeyAct) => path.team !== null && refuseMember(caller, act, teamId, path.team) === undefined;
    if (opens('list')) teamIds.push(teamId);
    else if (opens('info')) sharedTeamIds.push(teamId);
  }
  return { teamIds, sharedTeamIds };
}
