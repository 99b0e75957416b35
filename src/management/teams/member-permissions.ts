import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { maySeeAll } from '../../core/rights.ts';
import { DEFAULT_MEMBER_PERMISSIONS, type MemberPermission } from '../../core/team-permissions.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { changeTeam } from './change-team.ts';
import { getManagedTeam, teamNotFound } from './team-rights.ts';
import { type TeamView, viewTeam } from './view-team.ts';

const ROUTE = '/team/permissions_list';

/** What the plain members of a team may call for it: for those who administer it. Throws not_found, forbidden. */
export async function listMemberPermissions(
  deps: Pick<OwnerManagement, 'owners'>,
  caller: Caller,
  teamId: string,
): Promise<readonly string[]> {
  const team = await deps.owners.teams.find([teamId]);
  if (team === undefined && maySeeAll(caller)) throw teamNotFound(teamId);
  const seen = team !== undefined && maySeeAll(caller) ? team : getManagedTeam(caller, team, { teamId, route: ROUTE });
  return seen.memberPermissions ?? DEFAULT_MEMBER_PERMISSIONS;
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
