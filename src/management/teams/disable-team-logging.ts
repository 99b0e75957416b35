import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { changeTeam } from './change-team.ts';
import { withoutCallbacks } from './team-callbacks.ts';

/** Takes all log destinations from a team. Throws not_found, forbidden. */
export async function disableTeamLogging(
  deps: Pick<OwnerManagement, 'transact' | 'newId'>,
  caller: Caller,
  actor: Actor,
  teamId: string,
): Promise<void> {
  await changeTeam(deps, caller, actor, {
    teamId,
    route: '/team/{team_id}/disable_logging',
    by: 'managers',
    decide: (current) => ({ ...current, metadata: withoutCallbacks(current.metadata) }),
  });
}
