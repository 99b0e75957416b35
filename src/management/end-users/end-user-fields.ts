import { assertJsonLimits } from '../../core/assert-json-limits.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import type { EndUserRecord } from '../../core/owner-records.ts';
import { assertText, assertTexts } from '../owners/assert-text.ts';
import { assertLimitFields, type LimitFields, mergeLimits } from '../owners/limit-fields.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

/** What a request says about a customer. Absent = not mentioned, null = no value, anything else = that value. */
export interface EndUserFields {
  alias?: string | null | undefined;
  blocked?: boolean | null | undefined;
  budgetId?: string | null | undefined;
  allowedModelRegion?: string | null | undefined;
  defaultModel?: string | null | undefined;
  models?: readonly string[] | null | undefined;
  metadata?: JsonObject | null | undefined;
  limits: LimitFields;
  /** Set what counts as spent in the present window. Nano-dollars. */
  spendNanoUsd?: number | null | undefined;
  /** Fields that are stored and returned as given, by wire name; null takes one out. */
  extra: Readonly<Record<string, Json>>;
}

/** Throws bad_request or unknown_default_model for what could not be stored and enforced as it stands. */
export function assertEndUserFields(fields: EndUserFields, deps: Pick<OwnerManagement, 'isKnownModel'>): void {
  assertText(fields.alias, 'alias');
  assertText(fields.budgetId, 'budget_id');
  assertText(fields.defaultModel, 'default_model');
  assertText(fields.allowedModelRegion, 'allowed_model_region');
  assertTexts(fields.models, 'models');
  assertLimitFields(fields.limits);
  assertLimitFields({ maxBudgetNanoUsd: fields.spendNanoUsd ?? null });
  assertJsonLimits(fields.metadata, 'metadata');
  for (const [name, value] of Object.entries(fields.extra)) assertJsonLimits(value, name);
  if (fields.defaultModel != null && !deps.isKnownModel(fields.defaultModel)) {
    throw new GatewayError(
      'unknown_default_model',
      `Default Model not on proxy! Configured models are listed by /v1/models. Passed default_model=${fields.defaultModel}`,
      { param: 'default_model' },
    );
  }
}

/**
 * The record with what the request says laid over it. Whoever is linked to another budget row has the limits of that row:
 * those that it had of its own go, but for what the same request says.
 */
export function mergeEndUserFields(current: EndUserRecord, fields: EndUserFields): EndUserRecord {
  const isLinked = fields.budgetId != null && fields.budgetId !== current.budgetId;
  const pick = <T>(given: T | null | undefined, present: T, cleared: T): T =>
    given === undefined ? present : (given ?? cleared);
  const extra = Object.entries({ ...current.extra, ...fields.extra }).filter(([, value]) => value !== null);
  return {
    ...current,
    ...mergeLimits(isLinked ? NO_LIMITS : current, fields.limits),
    alias: pick<string | null>(fields.alias, current.alias, null),
    blocked: pick(fields.blocked, current.blocked, false),
    budgetId: pick<string | null>(fields.budgetId, current.budgetId, null),
    allowedModelRegion: pick<string | null>(fields.allowedModelRegion, current.allowedModelRegion, null),
    defaultModel: pick<string | null>(fields.defaultModel, current.defaultModel, null),
    models: pick<readonly string[]>(fields.models, current.models, []),
    metadata: pick(fields.metadata, current.metadata, {}),
    extra: Object.fromEntries(extra),
  };
}
