import type { Actor, AuditAction } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { getDone } from '../owners/owner-conflict.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { getGovernedTeam, getManagedTeam, type MissingTeam } from './team-rights.ts';

export interface TeamChange {
  teamId: string;
  route: string;
  action?: AuditAction;
  /** Who may: those above the team, or its own admins as well. */
  by: 'governors' | 'managers';
  missing?: MissingTeam;
  /** The team as it is to be. May throw; may run twice. */
  decide(current: TeamRecord, unit: WriteUnit): TeamRecord | Promise<TeamRecord>;
}

/** One change of one team with its audit row. Throws not_found, forbidden, not_admin, and what `decide` throws. */
export async function changeTeam(
  deps: Pick<OwnerManagement, 'transact' | 'newId'>,
  caller: Caller,
  actor: Actor,
  { teamId, route, action = 'updated', by, missing, decide }: TeamChange,
): Promise<TeamRecord> {
  const getTeam = by === 'governors' ? getGovernedTeam : getManagedTeam;
  const asked = missing === undefined ? { teamId, route } : { teamId, route, missing };
  const done = await deps.transact(async (unit) => {
    const before = getTeam(caller, await unit.teams.find([teamId]), asked);
    const stamps = changeStamps(before, nameOfCaller(caller), unit.nowMs);
    const after = { ...(await decide(before, unit)), ...stamps };
    await unit.teams.update(after);
    await unit.audit([auditTrail(deps, actor, unit.nowMs).team(action, before, after)]);
    return after;
  });
  return getDone(done);
}
