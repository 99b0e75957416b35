import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertTexts } from '../owners/assert-text.ts';
import { getDone } from '../owners/owner-conflict.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { removeTeams } from './remove-teams.ts';
import { getGovernedTeam } from './team-rights.ts';

const MAX_TEAMS = 100;

/**
 * Deletes all of the teams, or none of them. Their keys are dead when this returns, and calls in flight with them end.
 * Returns what was passed. Throws not_found, not_admin, forbidden, bad_request.
 */
export async function deleteTeams(
  deps: Pick<OwnerManagement, 'transact' | 'newId'>,
  caller: Caller,
  actor: Actor,
  teamIds: readonly string[],
): Promise<string[]> {
  if (teamIds.length === 0) throw new GatewayError('bad_request', 'No team id passed in', { param: 'team_ids' });
  if (teamIds.length > MAX_TEAMS) {
    throw new GatewayError('bad_request', `At most ${MAX_TEAMS} teams can be deleted at once.`, { param: 'team_ids' });
  }
  assertTexts(teamIds, 'team_ids');
  const wanted = [...new Set(teamIds)];
  const done = await deps.transact(async (unit) => {
    const found = new Map((await unit.teams.findWhere({ id: wanted })).map((team) => [team.id, team]));
    const teams = wanted.map((teamId) => getGovernedTeam(caller, found.get(teamId), { teamId, route: '/team/delete' }));
    await removeTeams(unit, deps, caller, actor, teams);
  });
  getDone(done);
  return [...teamIds];
}
