import { maskCallbackSecrets } from '../../core/callback-secrets.ts';
import type { Caller } from '../../core/caller.ts';
import { maySeeAll } from '../../core/rights.ts';
import { readCallbacks, type TeamCallbacks } from './team-callbacks.ts';
import type { TeamManagement } from './team-management.ts';
import { getManagedTeam, teamNotFound } from './team-rights.ts';

/**
 * Where the calls of a team are logged to: its own destinations, else those that the configuration file gives it
 * (`default_team_settings`). Credentials are masked. Throws not_found, forbidden.
 */
export async function getTeamCallbacks(
  deps: Pick<TeamManagement, 'owners' | 'settings'>,
  caller: Caller,
  teamId: string,
): Promise<TeamCallbacks> {
  const team = await deps.owners.teams.find([teamId]);
  if (team === undefined && maySeeAll(caller)) throw teamNotFound(teamId);
  const route = '/team/{team_id}/callback';
  const { metadata } = team !== undefined && maySeeAll(caller) ? team : getManagedTeam(caller, team, { teamId, route });
  const configured = deps.settings.callbacks.get(teamId);
  const says = metadata.logging !== undefined || metadata.callback_settings !== undefined;
  const shown = says ? metadata : (configured ?? metadata);
  return readCallbacks(maskCallbackSecrets(shown));
}
