import { assertJsonLimits } from '../../core/assert-json-limits.ts';
import { parseBudgetRaise } from '../../core/budget-raise.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import type { OrganizationRecord } from '../../core/owner-records.ts';
import { assertText, assertTexts } from '../owners/assert-text.ts';
import { assertLimitFields, type LimitFields } from '../owners/limit-fields.ts';

/** What a request says about an organisation. Absent = not mentioned, null = no value, anything else = that value. */
export interface OrganizationFields {
  alias?: string | null | undefined;
  models?: readonly string[] | null | undefined;
  metadata?: JsonObject | null | undefined;
  blocked?: boolean | null | undefined;
  budgetId?: string | null | undefined;
  limits: LimitFields;
  /** Fields that are stored and returned as given, by wire name; null takes one out. */
  extra: Readonly<Record<string, Json>>;
}

/** Throws bad_request, with the wire's name of the field in `param`, for what could not be stored and enforced. */
export function assertOrganizationFields(fields: OrganizationFields): void {
  assertText(fields.alias, 'organization_alias');
  assertText(fields.budgetId, 'budget_id');
  assertTexts(fields.models, 'models');
  assertLimitFields(fields.limits);
  assertJsonLimits(fields.metadata, 'metadata');
  for (const [name, value] of Object.entries(fields.extra)) assertJsonLimits(value, name);
  assertMetadata(fields.metadata ?? {});
}

/** Limits per model, and an amount that is added for a while, may stand in the metadata; unreadable, they would do nothing. */
function assertMetadata(metadata: JsonObject): void {
  const isCount = (limit: Json): boolean => Number.isSafeInteger(limit) && (limit as number) >= 0;
  for (const name of ['model_rpm_limit', 'model_tpm_limit']) {
    const limits = metadata[name] ?? {};
    if (isJsonObject(limits) && Object.values(limits).every(isCount)) continue;
    throw unreadable(`metadata.${name} must be an object of model name → whole number, 0 or more.`);
  }
  const { temp_budget_increase: increase = null, temp_budget_expiry: expiry = null } = metadata;
  if ((increase !== null || expiry !== null) && parseBudgetRaise(metadata) === null) {
    throw unreadable(
      'metadata.temp_budget_increase must be dollars above 0, and temp_budget_expiry an ISO date or time.',
    );
  }
}

function unreadable(message: string): GatewayError {
  return new GatewayError('bad_request', message, { param: 'metadata' });
}

/** The record with what the request says laid over it, limits and the link to a budget row aside. */
export function mergeOrganizationFields(current: OrganizationRecord, fields: OrganizationFields): OrganizationRecord {
  const { alias, models, metadata, blocked } = fields;
  const extra = Object.entries({ ...current.extra, ...fields.extra }).filter(([, value]) => value !== null);
  return {
    ...current,
    alias: alias === undefined ? current.alias : alias,
    models: models === undefined ? current.models : (models ?? []),
    metadata: metadata === undefined ? current.metadata : (metadata ?? {}),
    blocked: blocked === undefined ? current.blocked : (blocked ?? false),
    extra: Object.fromEntries(extra),
  };
}
