import type { Actor } from '../../core/audit.ts';
import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { fillLimits, NO_LIMITS } from '../../core/limits.ts';
import { memberRef } from '../../core/owner.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { buildMember } from './build-member.ts';
import { memberBudgetId } from './member-budget.ts';

export interface Joining {
  userId: string;
  teamIds: readonly string[];
  by: string;
}

/** What brings the balances of a person's places in teams to nothing, should there be any of an earlier one of that name. */
export async function planJoin(
  deps: Pick<OwnerManagement, 'owners' | 'readCounters' | 'spendCounter' | 'newId'>,
  { userId, teamIds }: Joining,
  nowMs: number,
): Promise<BalanceAdjustment[]> {
  if (teamIds.length === 0) return [];
  const teams = await deps.owners.teams.findMany(teamIds);
  const budgets = await findLinkedBudgets(deps, teams.map(memberBudgetId));
  const owners = teams.map((team) => ({
    ref: memberRef(team.id, userId),
    limits: fillLimits(NO_LIMITS, budgets.get(memberBudgetId(team) ?? '') ?? null),
  }));
  return planFreshStart(deps, owners, nowMs);
}

/**
 * Puts a person who is new into teams as a plain member, as a part of a transaction. Throws bad_request that names the
 * team which there is not.
 */
export async function joinTeams(
  unit: WriteUnit,
  deps: Pick<OwnerManagement, 'newId'>,
  actor: Actor,
  { userId, teamIds, by }: Joining,
): Promise<void> {
  if (teamIds.length === 0) return;
  const found = new Map((await unit.teams.findWhere({ id: teamIds })).map((team) => [team.id, team]));
  const place = { userId, role: 'user', limits: {}, models: null, by, nowMs: unit.nowMs } as const;
  const members = teamIds.map((teamId) => buildMember(getTeam(found, teamId), place));
  for (const member of members) await unit.teamMembers.insert(member);
  const trail = auditTrail(deps, actor, unit.nowMs);
  await unit.audit(members.map((member) => trail.member('created', null, member)));
}

function getTeam(found: ReadonlyMap<string, TeamRecord>, teamId: string): TeamRecord {
  const team = found.get(teamId);
  if (team !== undefined) return team;
  const message = `Team not found, passed team id: ${teamId}. Make it with /team/new first.`;
  throw new GatewayError('bad_request', message, { param: 'teams' });
}
