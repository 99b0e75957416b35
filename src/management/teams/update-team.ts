import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertWithinUpperBounds } from '../../core/key-limits.ts';
import { fillLimits } from '../../core/limits.ts';
import type { BudgetRecord, TeamMemberRecord, TeamRecord } from '../../core/owner-records.ts';
import { findRaisedLimit } from '../../core/raised-limits.ts';
import { isOneself } from '../../core/rights.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { planOwnerSpendMoves, type SpendChange } from '../owners/move-owner-spend.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { assertNoRaise } from './assert-no-raise.ts';
import { assertSoftBudget } from './assert-soft-budget.ts';
import { assertTeamFields } from './assert-team-fields.ts';
import { assertLinks } from './create-team.ts';
import { memberBudgetId, mergeMemberBudget, withMemberBudget } from './member-budget.ts';
import { mergeTeamFields, withPatchedMetadata } from './merge-team-fields.ts';
import { refOf } from './new-members.ts';
import type { TeamFields } from './team-fields.ts';
import type { TeamManagement } from './team-management.ts';
import { getManagedTeam, mayGovern } from './team-rights.ts';
import { type TeamView, viewTeam } from './view-team.ts';

const ROUTE = '/team/update';

/**
 * Changes the fields that the request mentions and no others: absent keeps, null clears, a value sets. What was spent goes
 * along into a window of another length. Who administers just the team may not widen what it may use up.
 * Throws forbidden, not_found, bad_request, conflict.
 */
export async function updateTeam(
  deps: TeamManagement,
  caller: Caller,
  actor: Actor,
  teamId: string,
  asked: TeamFields,
): Promise<TeamView> {
  const found = getManagedTeam(caller, await deps.owners.teams.find([teamId]), { teamId, route: ROUTE });
  const fields = withPatchedMetadata(asked, found);
  assertTeamFields(deps, fields);
  const nowMs = deps.nowMs();
  assertWithinUpperBounds(fields.limits, deps.settings.upperBounds, nowMs);
  const stamp = { id: deps.newId('budget_'), by: nameOfCaller(caller), nowMs };
  const next = mergeTeamFields(found, fields);
  assertSoftBudget(fields.limits, next);
  const budgets = await findLinkedBudgets(deps, [found.budgetId, next.budgetId, memberBudgetId(found)]);
  const memberBudget = {
    before: budgets.get(memberBudgetId(found) ?? '') ?? null,
    after: mergeMemberBudget(budgets.get(memberBudgetId(found) ?? '') ?? null, fields.memberDefaults, next, stamp),
  };
  const members = memberBudget.after === null ? [] : await findDefaultMembers(deps, found);
  if (memberBudget.after !== null) assertOwnCapStays(caller, members, memberBudget.before, memberBudget.after);
  const moves = await planOwnerSpendMoves(
    deps,
    [
      { ref: { kind: 'team', id: teamId }, before: fillFrom(budgets, found), after: fillFrom(budgets, next) },
      ...members.map((member) => toSpendChange(member, memberBudget.before, memberBudget.after)),
    ],
    nowMs,
  );
  const isPlanned = memberBudget.after !== null || moves.some(({ adjustments }) => adjustments.length > 0);

  const done = await deps.transact(async (unit) => {
    const before = getManagedTeam(caller, await unit.teams.find([teamId]), { teamId, route: ROUTE });
    // What was computed beforehand must still fit; all else is laid over the row as it is now.
    if (isPlanned && before.updatedAtMs !== found.updatedAtMs) throw changedMeanwhile();
    const merged = {
      ...mergeTeamFields(before, withPatchedMetadata(asked, before)),
      ...changeStamps(before, nameOfCaller(caller), nowMs),
    };
    const after = memberBudget.after === null ? merged : withMemberBudget(merged, memberBudget.after.id);
    const limits = { before: fillFrom(budgets, before), after: fillFrom(budgets, after) };
    assertNoRaise(deps, caller, { team: before, limits: limits.before }, { team: after, limits: limits.after });
    if (!mayGovern(caller, after) && after.organizationId !== before.organizationId) throw foreignOrganization();
    await assertLinks(unit, deps, after, before);
    await unit.teams.update(after);
    const trail = auditTrail(deps, actor, nowMs);
    const audit = [trail.team('updated', before, after)];
    if (memberBudget.after !== null) {
      if (memberBudget.before === null) await unit.budgets.insert(memberBudget.after);
      else await unit.budgets.update(memberBudget.after);
      audit.push(trail.budget(memberBudget.before, memberBudget.after));
      for (const member of members) {
        if (member.budgetId === memberBudget.after.id) continue;
        const stamps = changeStamps(member, nameOfCaller(caller), nowMs);
        await unit.teamMembers.update({ ...member, budgetId: memberBudget.after.id, ...stamps });
      }
    }
    await unit.adjust(moves.flatMap(({ adjustments }) => adjustments));
    await unit.audit(audit);
    return after;
  });
  return viewTeam(deps, getDone(done));
}

/** Members for whom the team's defaults count: those linked to its row, or to none yet. */
async function findDefaultMembers({ owners }: TeamManagement, team: TeamRecord): Promise<TeamMemberRecord[]> {
  const { records } = await owners.teamMembers.list({
    scope: 'all',
    where: { teamId: team.id },
    limit: MAX_MEMBERS,
    offset: 0,
  });
  return records.filter(({ budgetId }) => budgetId === null || budgetId === memberBudgetId(team));
}

const MAX_MEMBERS = 50_000;

/** Nobody raises the cap that holds for itself. Throws forbidden. */
function assertOwnCapStays(
  caller: Caller,
  members: readonly TeamMemberRecord[],
  before: BudgetRecord | null,
  after: BudgetRecord,
): void {
  const own = members.find(({ userId }) => isOneself(caller, userId));
  if (own === undefined) return;
  const raised = findRaisedLimit(fillLimits(own, before), fillLimits(own, after));
  if (raised === null) return;
  const param = `team_member_${raised === 'max_budget' ? 'budget' : raised}`;
  throw new GatewayError('forbidden', `You may not raise ${param}, which limits you as well.`, { param });
}

function toSpendChange(member: TeamMemberRecord, before: BudgetRecord | null, after: BudgetRecord | null): SpendChange {
  return { ref: refOf(member), before: fillLimits(member, before), after: fillLimits(member, after) };
}

function changedMeanwhile(): GatewayError {
  return new GatewayError('conflict', 'Somebody else changed this team at the same moment. Send the request again.');
}

function foreignOrganization(): GatewayError {
  return new GatewayError('forbidden', 'You may move a team only to organizations that you administer.', {
    param: 'organization_id',
  });
}
