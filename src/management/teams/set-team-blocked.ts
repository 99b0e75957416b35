import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { changeTeam } from './change-team.ts';
import { type TeamView, viewTeam } from './view-team.ts';

/**
 * Refuses, or lets call again, every key of a team; calls in flight end with the block. Throws not_found, not_admin,
 * forbidden: who is blocked does not let itself loose.
 */
export async function setTeamBlocked(
  deps: Pick<OwnerManagement, 'owners' | 'transact' | 'newId' | 'readSpend'>,
  caller: Caller,
  actor: Actor,
  { teamId, blocked }: { teamId: string; blocked: boolean },
): Promise<TeamView> {
  const team = await changeTeam(deps, caller, actor, {
    teamId,
    route: blocked ? '/team/block' : '/team/unblock',
    action: blocked ? 'blocked' : 'unblocked',
    by: 'governors',
    decide: (current) => ({ ...current, blocked }),
  });
  return viewTeam(deps, team);
}
