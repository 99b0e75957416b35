import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { TeamMemberRecord } from '../../core/owner-records.ts';
import { isOneself } from '../../core/rights.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { planOwnerSpendMoves } from '../owners/move-owner-spend.ts';
import { getDone } from '../owners/owner-conflict.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { assertResetTarget } from './assert-reset-target.ts';
import { refOf } from './new-members.ts';
import { getManagedTeam } from './team-rights.ts';
import type { MemberView } from './view-team.ts';

export interface MemberSpendReset {
  view: MemberView;
  previousNanoUsd: number;
}

const ROUTE = '/team/{team_id}/member/{user_id}/reset_spend';

type Deps = Pick<OwnerManagement, 'owners' | 'transact' | 'newId' | 'nowMs' | 'readCounters' | 'spendCounter'>;

/**
 * Sets what counts as spent by a member in the team's present budget window to less than it is. For those who administer
 * the team; nobody lets its own budget begin anew.
 * Throws not_found, forbidden, bad_request, conflict.
 */
export async function resetMemberSpend(
  deps: Deps,
  caller: Caller,
  actor: Actor,
  { teamId, userId, resetToNanoUsd }: { teamId: string; userId: string; resetToNanoUsd: number },
): Promise<MemberSpendReset> {
  const asked = { teamId, route: ROUTE };
  getManagedTeam(caller, await deps.owners.teams.find([teamId]), asked);
  if (isOneself(caller, userId)) {
    throw new GatewayError('forbidden', 'You may not reset your own spend in a team. Ask another administrator.', {
      param: 'user_id',
    });
  }
  const found = await deps.owners.teamMembers.find([teamId, userId]);
  if (found === undefined) throw noMember(teamId, userId);
  const nowMs = deps.nowMs();
  const limits = fillFrom(await findLinkedBudgets(deps, [found.budgetId]), found);
  const change = { ref: refOf(found), before: limits, after: limits, setNanoUsd: resetToNanoUsd };
  const [move] = await planOwnerSpendMoves(deps, [change], nowMs);
  const previousNanoUsd = move?.spend?.beforeNanoUsd ?? 0;
  assertResetTarget(resetToNanoUsd, previousNanoUsd, limits.maxBudgetNanoUsd);

  const done = await deps.transact(async (unit): Promise<TeamMemberRecord> => {
    getManagedTeam(caller, await unit.teams.find([teamId]), asked);
    const member = await unit.teamMembers.find([teamId, userId]);
    if (member === undefined) throw noMember(teamId, userId);
    if (member.updatedAtMs !== found.updatedAtMs) {
      throw new GatewayError(
        'conflict',
        'Somebody else changed this member at the same moment. Send the request again.',
      );
    }
    await unit.adjust(move?.adjustments ?? []);
    await unit.audit([auditTrail(deps, actor, nowMs).member('reset', member, member, move?.spend ?? null)]);
    return member;
  });
  const member = getDone(done);
  return { view: { member, email: null, limits, spendNanoUsd: resetToNanoUsd }, previousNanoUsd };
}

function noMember(teamId: string, userId: string): GatewayError {
  const message = `User not found in team. Team=${teamId.slice(0, 256)}, user_id=${userId.slice(0, 256)}`;
  return new GatewayError('not_found', message, { param: 'user_id', detail: { error: message } });
}
