import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import { maySeeAll } from '../../core/rights.ts';
import type { TeamManagement } from './team-management.ts';
import { maySeeTeam } from './team-rights.ts';

/**
 * The team, for whoever may see it. Somebody who has nothing to do with it cannot tell whether it exists. Throws
 * team_not_found, forbidden.
 */
export async function getVisibleTeam(
  { owners }: { owners: Pick<TeamManagement['owners'], 'teams'> },
  caller: Caller,
  teamId: string,
): Promise<TeamRecord> {
  const team = await owners.teams.find([teamId]);
  if (team === undefined && maySeeAll(caller)) throw notFound(teamId);
  if (team === undefined || !maySeeTeam(caller, team)) throw notYours(caller, teamId);
  return team;
}

function notFound(teamId: string): GatewayError {
  return new GatewayError('team_not_found', `Team not found, passed team id: ${teamId.slice(0, 256)}.`, {
    param: 'team_id',
  });
}

function notYours(caller: Caller, teamId: string): GatewayError {
  return new GatewayError(
    'forbidden',
    `User=${caller.userId ?? 'None'} not authorized to access this team=${teamId.slice(0, 256)}`,
    { param: 'team_id' },
  );
}
