import { applyUpperBounds } from '../../core/key-limits.ts';
import type { LimitFields } from '../owners/limit-fields.ts';
import type { TeamFields } from './team-fields.ts';
import type { TeamSettings } from './team-management.ts';

/**
 * `default_team_params` for what the request of a new team leaves out, leaves null, or (a list, a map) leaves empty. A
 * `budget_duration` of null is an answer: the budget holds for the team's whole life.
 * Throws management_refused (400) for what is over `upperbound_team_params`.
 */
export function applyTeamDefaults(
  fields: TeamFields,
  { defaults, upperBounds }: Pick<TeamSettings, 'defaults' | 'upperBounds'>,
  nowMs: number,
): TeamFields {
  return {
    ...fill(fields, defaults),
    limits: applyUpperBounds(withOwnDuration(fill(fields.limits, defaults.limits), fields.limits), upperBounds, nowMs),
    memberDefaults: fill(fields.memberDefaults, defaults.memberDefaults),
    inMetadata: fill(fields.inMetadata, defaults.inMetadata),
    extra: fill(fields.extra, defaults.extra),
  };
}

function withOwnDuration(filled: LimitFields, { budgetDuration }: LimitFields): LimitFields {
  return budgetDuration === null ? { ...filled, budgetDuration } : filled;
}

function fill<T extends object>(given: T, defaults: T): T {
  const missing = Object.entries(defaults).filter(([name]) => isOpen((given as Record<string, unknown>)[name]));
  return { ...given, ...Object.fromEntries(missing) };
}

function isOpen(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
