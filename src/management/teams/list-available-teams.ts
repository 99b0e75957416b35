import type { Caller } from '../../core/caller.ts';
import type { TeamManagement } from './team-management.ts';
import { type TeamView, viewTeams } from './view-team.ts';

/** Teams that the caller may join by itself (`available_teams`) and is not in. Only their names are for strangers. */
export async function listAvailableTeams(
  deps: Pick<TeamManagement, 'owners' | 'readSpend' | 'settings'>,
  caller: Caller,
): Promise<TeamView[]> {
  const joined = new Set(caller.memberships.teams.map(({ teamId }) => teamId));
  const ids = deps.settings.availableTeamIds.filter((id) => !joined.has(id));
  return viewTeams(deps, await deps.owners.teams.findMany(ids));
}
