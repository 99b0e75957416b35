import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { removeKeys } from '../owners/remove-keys.ts';
import { memberBudgetId } from './member-budget.ts';

/**
 * The end of teams, as a part of a transaction: their keys open nothing any more, memberships end, and the rows stay for
 * history. Each of them gets an audit row of its own.
 */
export async function removeTeams(
  unit: WriteUnit,
  deps: Pick<OwnerManagement, 'newId'>,
  caller: Caller,
  actor: Actor,
  teams: readonly TeamRecord[],
): Promise<void> {
  if (teams.length === 0) return;
  const { nowMs } = unit;
  const by = nameOfCaller(caller);
  const end = { deletedAtMs: nowMs, deletedBy: by, updatedAtMs: nowMs, updatedBy: by };
  const trail = auditTrail(deps, actor, nowMs);
  const teamIds = teams.map(({ id }) => id);
  await removeKeys(unit, deps, actor, by, await unit.keys.ofOwners({ teamIds }));
  const members = await unit.teamMembers.findWhere({ teamId: teamIds });
  for (const member of members) await unit.teamMembers.update({ ...member, ...end });
  const budgetIds = teams.map(memberBudgetId).filter((id) => id !== null);
  for (const budget of budgetIds.length === 0 ? [] : await unit.budgets.findWhere({ id: budgetIds })) {
    await unit.budgets.update({ ...budget, ...end });
  }
  for (const team of teams) await unit.teams.update({ ...team, ...end });
  await unit.audit([
    ...members.map((member) => trail.member('deleted', member, null)),
    ...teams.map((team) => trail.team('deleted', team, null)),
  ]);
}
