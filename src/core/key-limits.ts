/**
 * What the operator's configuration says about every key: defaults for what a request leaves out, and bounds that no
 * key may exceed, whoever makes it and whenever it is changed. The bounds of users and teams are the same rule.
 */

import { toFloatText } from './denial.ts';
import { durationSeconds } from './duration.ts';
import { GatewayError } from './gateway-error.ts';
import type { JsonObject } from './json.ts';

/** The fields that defaults and bounds speak about. Absent: not mentioned by the request. Null: no value. */
export interface KeyLimitFields {
  maxBudgetNanoUsd?: number | null | undefined;
  budgetDuration?: string | null | undefined;
  /** Lifetime; null and `-1`: never expires. */
  duration?: string | null | undefined;
  maxParallelRequests?: number | null | undefined;
  tpmLimit?: number | null | undefined;
  rpmLimit?: number | null | undefined;
  userId?: string | null | undefined;
  teamId?: string | null | undefined;
  models?: readonly string[] | null | undefined;
  metadata?: JsonObject | null | undefined;
}

/** `default_key_generate_params`. Null, [] and {}: no default. */
export interface KeyDefaults {
  readonly maxBudgetNanoUsd: number | null;
  readonly budgetDuration: string | null;
  readonly duration: string | null;
  readonly maxParallelRequests: number | null;
  readonly tpmLimit: number | null;
  readonly rpmLimit: number | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly models: readonly string[];
  /** Comes from a document, so it is JSON. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Bounds that the configuration sets to the limits of users (`upperbound_internal_user_params`) or teams. Null: no bound. */
export interface OwnerUpperBounds {
  readonly maxBudgetNanoUsd: number | null;
  readonly budgetDuration: string | null;
  readonly maxParallelRequests: number | null;
  readonly tpmLimit: number | null;
  readonly rpmLimit: number | null;
}

/** `upperbound_key_generate_params`. Null: no bound. */
export interface KeyUpperBounds extends OwnerUpperBounds {
  readonly duration: string | null;
}

/**
 * Gives a new key the defaults for what its request left out, left null, or (models, metadata) left empty. A budget
 * duration of null is said: the budget is to hold for the key's whole life.
 */
export function applyKeyDefaults<T extends KeyLimitFields>(newKey: T, defaults: KeyDefaults): T {
  const { models, metadata, ...scalars } = defaults;
  const filled: T & KeyLimitFields = fillMissing(newKey, scalars);
  if (newKey.budgetDuration === null) filled.budgetDuration = null;
  if ((newKey.models ?? []).length === 0 && models.length > 0) filled.models = [...models];
  if (Object.keys(newKey.metadata ?? {}).length === 0 && Object.keys(metadata).length > 0) {
    filled.metadata = structuredClone(metadata) as JsonObject;
  }
  return filled;
}

/**
 * Gives a new key the bound where its request (defaults included) sets no limit, and refuses what exceeds a bound.
 * Throws management_refused (400) with the field in `param`.
 */
export function applyUpperBounds<T extends KeyLimitFields>(
  newKey: T,
  bounds: OwnerUpperBounds | KeyUpperBounds,
  nowMs: number,
): T {
  const bounded = fillMissing(newKey, bounds);
  assertWithinUpperBounds(bounded, bounds, nowMs);
  return bounded;
}

/**
 * Refuses changes that would lift a key over a bound; null means no limit at all, so it is over every bound. What the
 * changes do not mention is not looked at. Throws management_refused (400) with the field in `param`.
 */
export function assertWithinUpperBounds(
  changes: KeyLimitFields,
  bounds: OwnerUpperBounds | KeyUpperBounds,
  nowMs: number,
): void {
  for (const { field, param, shown } of NUMBERS) {
    const value = changes[field];
    const bound = bounds[field];
    if (value === undefined || bound === null) continue;
    if (value === null || !(value <= bound)) {
      throw overBound(param, value === null ? UNLIMITED : shown(value), shown(bound));
    }
  }
  for (const { field, param } of DURATIONS) {
    const value = changes[field];
    const bound = field === 'duration' ? durationOf(bounds) : bounds.budgetDuration;
    if (value === undefined || bound === null || bound === NEVER) continue;
    if (value === null || value === NEVER) throw overBound(param, value ?? UNLIMITED, bound);
    if (secondsOf(value, param, nowMs) > secondsOf(bound, param, nowMs)) throw overBound(param, value, bound);
  }
}

/** Only keys have a lifetime. */
function durationOf(bounds: OwnerUpperBounds | KeyUpperBounds): string | null {
  return 'duration' in bounds ? bounds.duration : null;
}

const NEVER = '-1';
const UNLIMITED = 'unlimited';

const NUMBERS = [
  { field: 'maxBudgetNanoUsd', param: 'max_budget', shown: toFloatText },
  { field: 'maxParallelRequests', param: 'max_parallel_requests', shown: String },
  { field: 'tpmLimit', param: 'tpm_limit', shown: String },
  { field: 'rpmLimit', param: 'rpm_limit', shown: String },
] as const;

const DURATIONS = [
  { field: 'budgetDuration', param: 'budget_duration' },
  { field: 'duration', param: 'duration' },
] as const;

function fillMissing<T extends KeyLimitFields>(fields: T, values: Partial<KeyDefaults & KeyUpperBounds>): T {
  const missing = Object.entries(values).filter(
    ([name, value]) => value !== null && (fields[name as keyof KeyLimitFields] ?? null) === null,
  );
  return { ...fields, ...Object.fromEntries(missing) };
}

function secondsOf(duration: string, param: string, nowMs: number): number {
  const seconds = durationSeconds(duration, nowMs);
  if (seconds !== undefined) return seconds;
  throw new GatewayError(
    'bad_request',
    `Unsupported duration value in ${param}: ${JSON.stringify(duration.slice(0, 40))}. ` +
      'Write a positive whole number and s, m, h, d, w or mo, as in 30d.',
    { param },
  );
}

function overBound(param: string, value: string, bound: string): GatewayError {
  return new GatewayError(
    'management_refused',
    `${param} is over max limit set in config - user_value=${value}; max_value=${bound}`,
    { param },
  );
}
