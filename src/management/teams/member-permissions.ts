import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { maySeeAll } from '../../core/rights.ts';
import { DEFAULT_MEMBER_PERMISSIONS, type MemberPermission } from '../../core/team-permissions.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { changeTeam } from './change-team.ts';
import { getManagedTeam, maySeeTeam, teamNotFound } from './team-rights.ts';
import { type TeamView, viewTeam } from './view-team.ts';

/** What the plain members of a team may call for it. Its members may know. Throws not_found, forbidden. */
export async function listMemberPermissions(
  deps: Pick<OwnerManagement, 'owners'>,
  caller: Caller,
  teamId: string,
): Promise<readonly string[]> {
  const team = await deps.owners.teams.find([teamId]);
  if (team === undefined && maySeeAll(caller)) throw teamNotFound(teamId);
  if (team !== undefined && maySeeTeam(caller, team)) return team.memberPermissions ?? DEFAULT_MEMBER_PERMISSIONS;
  getManagedTeam(caller, undefined, { teamId, route: '/team/permissions_list' });
  return [];
}

/** Says what the plain members of a team may call for it. Throws not_found, forbidden. */
export async function updateMemberPermissions(
  deps: Pick<OwnerManagement, 'owners' | 'transact' | 'newId' | 'readSpend'>,
  caller: Caller,
  actor: Actor,
  { teamId, permissions }: { teamId: string; permissions: readonly MemberPermission[] },
): Promise<TeamView> {
  const team = await changeTeam(deps, caller, actor, {
    teamId,
    route: '/team/permissions_update',
    by: 'managers',
    decide: (current) => ({ ...current, memberPermissions: [...new Set(permissions)] }),
  });
  return viewTeam(deps, team);
}
