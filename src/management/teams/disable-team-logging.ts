import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { assertAdmin } from '../../core/rights.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { changeTeam } from './change-team.ts';
import { withoutCallbacks } from './team-callbacks.ts';

/**
 * Takes all log destinations from a team, those too that its admins did not put there, so only administrators of the proxy
 * may. Throws not_found, not_admin.
 */
export async function disableTeamLogging(
  deps: Pick<OwnerManagement, 'transact' | 'newId'>,
  caller: Caller,
  actor: Actor,
  teamId: string,
): Promise<void> {
  const route = '/team/{team_id}/disable_logging';
  assertAdmin(caller, route);
  await changeTeam(deps, caller, actor, {
    teamId,
    route,
    by: 'governors',
    decide: (current) => ({ ...current, metadata: withoutCallbacks(current.metadata) }),
  });
}
