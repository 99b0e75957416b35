import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { changeTeam } from './change-team.ts';
import { readCallbacks, type TeamCallbacks, withoutCallback } from './team-callbacks.ts';

/** Takes one log destination from a team; returns those that are left. Throws forbidden, not_found. */
export async function removeTeamCallback(
  deps: Pick<OwnerManagement, 'transact' | 'newId'>,
  caller: Caller,
  actor: Actor,
  { teamId, name }: { teamId: string; name: string },
): Promise<TeamCallbacks> {
  const team = await changeTeam(deps, caller, actor, {
    teamId,
    route: '/team/{team_id}/callback/{callback_name}',
    by: 'managers',
    decide(current) {
      const metadata = withoutCallback(current.metadata, name);
      if (metadata !== null) return { ...current, metadata };
      const label = name.slice(0, 256);
      throw new GatewayError('not_found', `callback_name = ${label} is none of the team's callbacks.`, {
        param: 'callback_name',
      });
    },
  });
  return readCallbacks(team.metadata);
}
