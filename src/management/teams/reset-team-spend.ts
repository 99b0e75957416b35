import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { planOwnerSpendMoves } from '../owners/move-owner-spend.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { assertResetTarget } from './assert-reset-target.ts';
import type { TeamManagement } from './team-management.ts';
import { getGovernedTeam } from './team-rights.ts';
import { type TeamView, viewTeam } from './view-team.ts';

export interface SpendReset {
  view: TeamView;
  previousNanoUsd: number;
}

/**
 * Sets what counts as spent in the team's present budget window to less than it is.
 * Throws not_found, not_admin, forbidden, bad_request, conflict.
 */
export async function resetTeamSpend(
  deps: Pick<TeamManagement, 'owners' | 'transact' | 'newId' | 'nowMs' | 'readSpend' | 'readCounters' | 'spendCounter'>,
  caller: Caller,
  actor: Actor,
  { teamId, resetToNanoUsd }: { teamId: string; resetToNanoUsd: number },
): Promise<SpendReset> {
  const asked = { teamId, route: '/team/{team_id}/reset_spend' };
  const found = getGovernedTeam(caller, await deps.owners.teams.find([teamId]), asked);
  const nowMs = deps.nowMs();
  const limits = fillFrom(await findLinkedBudgets(deps, [found.budgetId]), found);
  const change = { ref: { kind: 'team', id: teamId }, before: limits, after: limits } as const;
  const [move] = await planOwnerSpendMoves(deps, [{ ...change, setNanoUsd: resetToNanoUsd }], nowMs);
  const previousNanoUsd = move?.spend?.beforeNanoUsd ?? 0;
  assertResetTarget(resetToNanoUsd, previousNanoUsd, limits.maxBudgetNanoUsd);

  const done = await deps.transact(async (unit) => {
    const team = getGovernedTeam(caller, await unit.teams.find([teamId]), asked);
    if (team.updatedAtMs !== found.updatedAtMs) {
      throw new GatewayError('conflict', 'Somebody else changed this team at the same moment. Send the request again.');
    }
    await unit.adjust(move?.adjustments ?? []);
    await unit.audit([auditTrail(deps, actor, nowMs).team('reset', team, team, move?.spend ?? null)]);
    return team;
  });
  return { view: await viewTeam(deps, getDone(done)), previousNanoUsd };
}
