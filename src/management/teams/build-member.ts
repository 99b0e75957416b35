import { NO_LIMITS } from '../../core/limits.ts';
import type { TeamMemberRecord, TeamRecord, TeamRole } from '../../core/owner-records.ts';
import { newStamps } from '../owners/blank-owner.ts';
import { type LimitFields, mergeLimits } from '../owners/limit-fields.ts';
import { memberBudgetId } from './member-budget.ts';

export interface NewPlace {
  userId: string;
  role: TeamRole;
  limits: LimitFields;
  /** Null: as the team says of its members. */
  models: readonly string[] | null;
  by: string;
  nowMs: number;
}

/** Somebody's place in a team, with what the team says of its members where nothing is said of this one. */
export function buildMember(team: TeamRecord, { userId, role, limits, models, by, nowMs }: NewPlace): TeamMemberRecord {
  return {
    ...mergeLimits(NO_LIMITS, limits),
    ...newStamps(by, nowMs),
    teamId: team.id,
    userId,
    role,
    budgetId: memberBudgetId(team),
    models: models ?? defaultMemberModels(team),
    metadata: {},
  };
}

/** `default_team_member_models`: which of the team's models those may call who become members. Empty: all of them. */
export function defaultMemberModels({ extra }: Pick<TeamRecord, 'extra'>): readonly string[] {
  const models = extra.default_team_member_models;
  return Array.isArray(models) ? models.filter((model) => typeof model === 'string') : [];
}
