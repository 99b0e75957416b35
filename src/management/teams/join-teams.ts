import type { Actor } from '../../core/audit.ts';
import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { fillLimits, type Limits, NO_LIMITS } from '../../core/limits.ts';
import { memberRef } from '../../core/owner.ts';
import type { TeamRecord, TeamRole } from '../../core/owner-records.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { assertMemberLimits } from './assert-member-limits.ts';
import { buildMember } from './build-member.ts';
import { memberBudgetId } from './member-budget.ts';

/** What somebody is to be in a team. */
export interface TeamPlace {
  teamId: string;
  role: TeamRole;
  /** What it may use up there; null: what the team gives its members. Nano-dollars. */
  maxBudgetNanoUsd: number | null;
}

export interface Joining {
  userId: string;
  /** One for each team. */
  places: readonly TeamPlace[];
  by: string;
}

/** One place in each team, the first that is named, in the order in which teams are locked. Throws bad_request. */
export function acceptPlaces(places: readonly TeamPlace[]): TeamPlace[] {
  const byTeam = new Map<string, TeamPlace>();
  for (const place of places) {
    assertMemberLimits(place);
    if (!byTeam.has(place.teamId)) byTeam.set(place.teamId, place);
  }
  return [...byTeam.values()].sort((one, other) => (one.teamId < other.teamId ? -1 : 1));
}

/** What brings the balances of a person's places in teams to nothing, should there be any of an earlier one of that name. */
export async function planJoin(
  deps: Pick<OwnerManagement, 'owners' | 'readCounters' | 'spendCounter' | 'newId'>,
  { userId, places }: Joining,
  nowMs: number,
): Promise<BalanceAdjustment[]> {
  if (places.length === 0) return [];
  const ofTeam = new Map(places.map((place) => [place.teamId, place]));
  const teams = await deps.owners.teams.findMany([...ofTeam.keys()]);
  const budgets = await findLinkedBudgets(deps, teams.map(memberBudgetId));
  const owners = teams.map((team) => ({
    ref: memberRef(team.id, userId),
    limits: fillLimits(limitsOf(ofTeam.get(team.id)), budgets.get(memberBudgetId(team) ?? '') ?? null),
  }));
  return planFreshStart(deps, owners, nowMs);
}

/**
 * Puts a person who is new into teams, as a part of a transaction. Throws bad_request that names the team which there is
 * not.
 */
export async function joinTeams(
  unit: WriteUnit,
  deps: Pick<OwnerManagement, 'newId'>,
  actor: Actor,
  { userId, places, by }: Joining,
): Promise<void> {
  if (places.length === 0) return;
  const id = places.map(({ teamId }) => teamId);
  const found = new Map((await unit.teams.findWhere({ id })).map((team) => [team.id, team]));
  const members = places.map(({ teamId, role, maxBudgetNanoUsd }) => {
    const place = { userId, role, limits: { maxBudgetNanoUsd }, models: null, by, nowMs: unit.nowMs };
    return buildMember(getTeam(found, teamId), place);
  });
  for (const member of members) await unit.teamMembers.insert(member);
  const trail = auditTrail(deps, actor, unit.nowMs);
  await unit.audit(members.map((member) => trail.member('created', null, member)));
}

function limitsOf(place: TeamPlace | undefined): Limits {
  return { ...NO_LIMITS, maxBudgetNanoUsd: place?.maxBudgetNanoUsd ?? null };
}

function getTeam(found: ReadonlyMap<string, TeamRecord>, teamId: string): TeamRecord {
  const team = found.get(teamId);
  if (team !== undefined) return team;
  const message = `Team not found, passed team id: ${teamId}. Make it with /team/new first.`;
  throw new GatewayError('bad_request', message, { param: 'teams' });
}
