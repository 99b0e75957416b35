import type { Caller } from '../../core/caller.ts';
import { refuseMember } from '../../core/permissions.ts';
import { maySeeAll, scopeOf } from '../../core/rights.ts';
import type { Scope } from '../../core/scope.ts';
import type { KeyManagement } from './key-management.ts';

/** What somebody asks to see beside the keys that are its own. */
export interface KeySpan {
  teamKeys: boolean;
  createdKeys: boolean;
}

/**
 * The keys that a list may show to the caller: its own and those of its organisations; with `teamKeys` those of the teams
 * that it administers or whose members may list keys, with `createdKeys` those that it made. To the administrators of
 * the proxy all.
 */
export async function toListScope(
  deps: Pick<KeyManagement, 'standingOf'>,
  caller: Caller,
  span: KeySpan,
): Promise<Scope> {
  const scope = scopeOf(caller);
  if (scope === 'all') return scope;
  return {
    ...scope,
    teamIds: span.teamKeys ? await listOpenTeams(deps, caller) : [],
    creatorIds: span.createdKeys ? scope.userIds : [],
  };
}

/** Teams all of whose keys are open to the user: to itself as its rights go, to others as teams that it administers. */
export async function listTeamsOf(
  deps: Pick<KeyManagement, 'standingOf' | 'owners'>,
  caller: Caller,
  userId: string,
): Promise<readonly string[]> {
  if (userId === caller.userId && !maySeeAll(caller)) return listOpenTeams(deps, caller);
  const { records } = await deps.owners.teamMembers.list({
    scope: scopeOf(caller),
    where: { userId, role: 'admin' },
    limit: MAX_TEAMS,
    offset: 0,
  });
  return records.map(({ teamId }) => teamId);
}

/** More than any person has, and fewer than a statement takes. */
const MAX_TEAMS = 10_000;

async function listOpenTeams(deps: Pick<KeyManagement, 'standingOf'>, caller: Caller): Promise<string[]> {
  const open: string[] = [];
  for (const { teamId, role } of caller.memberships.teams.slice(0, MAX_TEAMS)) {
    if (role === 'admin' || (await mayList(deps, caller, teamId))) open.push(teamId);
  }
  return open;
}

async function mayList(deps: Pick<KeyManagement, 'standingOf'>, caller: Caller, teamId: string): Promise<boolean> {
  const { path } = await deps.standingOf({ userId: null, teamId, organizationId: null, budgetId: null });
  return path.team !== null && refuseMember(caller, 'list', teamId, path.team) === undefined;
}
