import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isAdmin, refuseAct } from '../../core/rights.ts';
import { getDone } from '../owners/owner-conflict.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { removeTeams } from './remove-teams.ts';
import { getGovernedTeam } from './team-rights.ts';

const MAX_TEAMS = 100;
const MAX_NAME_CHARS = 256;

/**
 * Deletes all of the teams, or none of them. Their keys are dead when this returns, and calls in flight with them end.
 * Returns what was passed, each once. Throws not_found, not_admin, forbidden, bad_request.
 */
export async function deleteTeams(
  deps: Pick<OwnerManagement, 'transact' | 'newId'>,
  caller: Caller,
  actor: Actor,
  teamIds: readonly string[],
): Promise<string[]> {
  if (teamIds.length > MAX_TEAMS) {
    throw new GatewayError('bad_request', `At most ${MAX_TEAMS} teams can be deleted at once.`, { param: 'team_ids' });
  }
  const wanted = [...new Set(teamIds)];
  if (wanted.length === 0 && !isAdmin(caller)) throw refuseAct(caller, '/team/delete');
  const done = await deps.transact(async (unit) => {
    const found = new Map((await unit.teams.findWhere({ id: wanted.filter(isName) })).map((team) => [team.id, team]));
    const teams = wanted.map((teamId) => getGovernedTeam(caller, found.get(teamId), { teamId, route: '/team/delete' }));
    await removeTeams(unit, deps, caller, actor, teams);
  });
  getDone(done);
  return wanted;
}

/** Other texts are no team's, and not all of them can be asked for. */
function isName(teamId: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return teamId !== '' && teamId.length <= MAX_NAME_CHARS && !/[\u0000-\u001f\u007f]/.test(teamId);
}
