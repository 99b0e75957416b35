import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import { fillLimits, type Limits, NO_LIMITS } from '../../core/limits.ts';
import { findModelBeyond } from '../../core/model-subset.ts';
import type { BudgetRecord, TeamMemberRecord, TeamRole } from '../../core/owner-records.ts';
import { findRaisedLimit } from '../../core/raised-limits.ts';
import { isOneself } from '../../core/rights.ts';
import { acceptPersonName, type PersonName } from '../members/person-name.ts';
import { assertTexts } from '../owners/assert-text.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { mergeLimits } from '../owners/limit-fields.ts';
import { planOwnerSpendMoves } from '../owners/move-owner-spend.ts';
import { getDone } from '../owners/owner-conflict.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { assertMemberLimits } from './assert-member-limits.ts';
import { assertBudgetRaise } from './assert-team-fields.ts';
import { defaultMemberModels } from './build-member.ts';
import { getMember, notInTeam } from './find-member.ts';
import { refOf } from './new-members.ts';
import type { MemberDefaults } from './team-fields.ts';
import { getManagedTeam } from './team-rights.ts';

export interface MemberUpdate extends PersonName {
  teamId: string;
  role: TeamRole | null;
  /** Absent keeps; null: as the team's defaults say. */
  limits: MemberDefaults;
  /** Of the team's models those that the person may call. Absent keeps; null: as the team's defaults say. */
  models?: readonly string[] | null | undefined;
  /** `temp_budget_increase` and `temp_budget_expiry`. Absent keeps; null: none. */
  raise?: JsonObject | null | undefined;
}

export interface UpdatedMember {
  member: TeamMemberRecord;
  email: string | null;
  limits: Limits;
}

const ROUTE = '/team/member_update';

type Deps = Pick<
  OwnerManagement,
  'owners' | 'transact' | 'newId' | 'nowMs' | 'readCounters' | 'spendCounter' | 'accessGroupsOf'
>;

/**
 * Changes somebody's part in a team and what that person may use up there. Nobody raises or changes their own.
 * Throws forbidden, not_found, bad_request for somebody who is no member, conflict.
 */
export async function updateMember(
  deps: Deps,
  caller: Caller,
  actor: Actor,
  { teamId, role, limits, models, raise, ...name }: MemberUpdate,
): Promise<UpdatedMember> {
  const asked = { teamId, route: ROUTE };
  getManagedTeam(caller, await deps.owners.teams.find([teamId]), asked);
  assertMemberLimits(limits);
  assertTexts(models, 'allowed_models');
  assertBudgetRaise(raise ?? {}, 'temp_budget_increase');
  const person = acceptPersonName(name);
  const { member: found, user } = await getMember(deps.owners, teamId, person);
  const nowMs = deps.nowMs();
  const budget = found.budgetId === null ? null : ((await deps.owners.budgets.find([found.budgetId])) ?? null);
  const next = withLimits(found, budget, limits);
  const effective = { before: fillLimits(found, budget), after: fillLimits(next, budget) };
  const [move] = await planOwnerSpendMoves(deps, [{ ref: refOf(found), ...effective }], nowMs);

  const done = await deps.transact(async (unit) => {
    const team = getManagedTeam(caller, await unit.teams.find([teamId]), asked);
    const before = await unit.teamMembers.find([teamId, found.userId]);
    if (before === undefined) throw notInTeam(teamId, person);
    if (before.updatedAtMs !== found.updatedAtMs) throw changedMeanwhile();
    const after: TeamMemberRecord = {
      ...next,
      role: role ?? before.role,
      models: models === undefined ? before.models : (models ?? defaultMemberModels(team)),
      metadata: raise === undefined ? before.metadata : (raise ?? {}),
      ...changeStamps(before, nameOfCaller(caller), nowMs),
    };
    assertNotOwnCaps(deps, caller, { before, after, limits: effective });
    await unit.teamMembers.update(after);
    await unit.adjust(move?.adjustments ?? []);
    await unit.audit([auditTrail(deps, actor, nowMs).member('updated', before, after)]);
    return after;
  });
  return { member: getDone(done), email: user?.email ?? null, limits: effective.after };
}

/**
 * A budget and its length belong together: who is given another amount keeps the window of the team's default, and the
 * other way round.
 */
function withLimits(member: TeamMemberRecord, budget: BudgetRecord | null, limits: MemberDefaults): TeamMemberRecord {
  const fields = { ...limits };
  const linked = budget ?? NO_LIMITS;
  if (member.maxBudgetNanoUsd === null && fields.maxBudgetNanoUsd != null && fields.budgetDuration === undefined) {
    fields.budgetDuration = member.budgetDuration ?? linked.budgetDuration;
  }
  if (member.maxBudgetNanoUsd === null && fields.budgetDuration != null && fields.maxBudgetNanoUsd === undefined) {
    fields.maxBudgetNanoUsd = linked.maxBudgetNanoUsd;
  }
  if (fields.maxBudgetNanoUsd === null && fields.budgetDuration === undefined) fields.budgetDuration = null;
  return { ...member, ...mergeLimits(member, fields) };
}

/** Throws forbidden where somebody would give itself more, or another part, whatever else that one administers. */
function assertNotOwnCaps(
  { accessGroupsOf }: Pick<Deps, 'accessGroupsOf'>,
  caller: Caller,
  change: { before: TeamMemberRecord; after: TeamMemberRecord; limits: { before: Limits; after: Limits } },
): void {
  const { before, after, limits } = change;
  if (!isOneself(caller, before.userId)) return;
  if (after.role !== before.role) {
    throw new GatewayError('forbidden', 'You may not change your own role in a team.', { param: 'role' });
  }
  const param = findWidened();
  if (param !== null) throw new GatewayError('forbidden', `You may not raise your own ${param}.`, { param });

  function findWidened(): string | null {
    const raised = findRaisedLimit(limits.before, limits.after);
    if (raised !== null) return raised === 'max_budget' ? 'max_budget_in_team' : raised;
    if (findModelBeyond(after.models, before.models, accessGroupsOf) !== null) return 'allowed_models';
    const added = JSON.stringify(after.metadata) !== JSON.stringify(before.metadata);
    return added && Object.keys(after.metadata).length > 0 ? 'temp_budget_increase' : null;
  }
}

function changedMeanwhile(): GatewayError {
  return new GatewayError('conflict', 'Somebody else changed this member at the same moment. Send the request again.');
}
