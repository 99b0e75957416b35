import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { acceptPersonName, type PersonName } from '../members/person-name.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { getDone } from '../owners/owner-conflict.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { removeKeys } from '../owners/remove-keys.ts';
import { getMember, notInTeam } from './find-member.ts';
import { getManagedTeam } from './team-rights.ts';
import { type TeamView, viewTeam } from './view-team.ts';

const ROUTE = '/team/member_delete';

/**
 * Takes somebody out of a team. The person's keys of that team end in the same transaction; those of nobody, and those of
 * other teams, stay. Throws forbidden, not_found, bad_request for somebody who is no member.
 */
export async function removeMember(
  deps: Pick<OwnerManagement, 'owners' | 'transact' | 'newId' | 'readSpend'>,
  caller: Caller,
  actor: Actor,
  { teamId, ...name }: PersonName & { teamId: string },
): Promise<TeamView> {
  getManagedTeam(caller, await deps.owners.teams.find([teamId]), { teamId, route: ROUTE });
  const person = acceptPersonName(name);
  const { userId } = (await getMember(deps.owners, teamId, person)).member;
  const done = await deps.transact(async (unit) => {
    const { nowMs } = unit;
    const by = nameOfCaller(caller);
    const team = getManagedTeam(caller, await unit.teams.find([teamId]), { teamId, route: ROUTE });
    const member = await unit.teamMembers.find([teamId, userId]);
    if (member === undefined) throw notInTeam(teamId, person);
    const keys = (await unit.keys.ofOwners({ userIds: [userId] })).filter((key) => key.teamId === teamId);
    await removeKeys(unit, deps, actor, by, keys);
    const end = { deletedAtMs: nowMs, deletedBy: by, updatedAtMs: nowMs, updatedBy: by };
    await unit.teamMembers.update({ ...member, ...end });
    await unit.audit([auditTrail(deps, actor, nowMs).member('deleted', member, null)]);
    return team;
  });
  return viewTeam(deps, getDone(done));
}
