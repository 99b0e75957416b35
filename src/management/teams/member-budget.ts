import { NO_LIMITS } from '../../core/limits.ts';
import type { BudgetRecord, TeamRecord } from '../../core/owner-records.ts';
import { changeStamps, newStamps } from '../owners/blank-owner.ts';
import { mergeLimits } from '../owners/limit-fields.ts';
import type { MemberDefaults } from './team-fields.ts';

/** Where a team keeps the name of the budget row that its members are linked to, as LiteLLM calls it. */
export const MEMBER_BUDGET_FIELD = 'team_member_budget_id';

/** The budget row of a team's members; null: it has none. */
export function memberBudgetId({ extra }: Pick<TeamRecord, 'extra'>): string | null {
  return typeof extra[MEMBER_BUDGET_FIELD] === 'string' ? extra[MEMBER_BUDGET_FIELD] : null;
}

export function withMemberBudget(team: TeamRecord, budgetId: string): TeamRecord {
  return { ...team, extra: { ...team.extra, [MEMBER_BUDGET_FIELD]: budgetId } };
}

/**
 * The row as the request wants it; null: the request says nothing, or nothing new. A first budget of which no length is said
 * begins anew with the team's own; a length of null is one for life.
 */
export function mergeMemberBudget(
  current: BudgetRecord | null,
  defaults: MemberDefaults,
  { budgetDuration }: Pick<TeamRecord, 'budgetDuration'>,
  stamp: { id: string; by: string; nowMs: number },
): BudgetRecord | null {
  const said = Object.values(defaults).filter((value) => value !== undefined);
  if (current === null && !said.some((value) => value !== null)) return null;
  if (said.length === 0) return null;
  if (current !== null) {
    return { ...current, ...mergeLimits(current, defaults), ...changeStamps(current, stamp.by, stamp.nowMs) };
  }
  return {
    ...mergeLimits(NO_LIMITS, defaults.maxBudgetNanoUsd == null ? defaults : { budgetDuration, ...defaults }),
    id: stamp.id,
    ...newStamps(stamp.by, stamp.nowMs),
  };
}
