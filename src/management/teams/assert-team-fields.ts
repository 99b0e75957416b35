import { assertJsonLimits } from '../../core/assert-json-limits.ts';
import { assertLogDestinations } from '../../core/assert-log-destinations.ts';
import { parseBudgetRaise } from '../../core/budget-raise.ts';
import { parseDuration } from '../../core/duration.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { MEMBER_KEY_DURATION } from '../../core/member-key-lifetime.ts';
import { assertParamNames } from '../owners/assert-param-names.ts';
import { assertText, assertTexts } from '../owners/assert-text.ts';
import { assertLimitFields, type LimitFields } from '../owners/limit-fields.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import type { TeamFields } from './team-fields.ts';

const MAX_ALIASES = 1_000;

/**
 * Everything about a team's fields that types do not say. Throws `bad_request` (400) with the wire's name of the field in
 * `param`; returns when all of them can be stored and enforced as they stand.
 */
export function assertTeamFields(deps: Pick<OwnerManagement, 'isKnownModel'>, fields: TeamFields): void {
  assertText(fields.alias, 'team_alias');
  assertText(fields.organizationId, 'organization_id');
  assertText(fields.budgetId, 'budget_id');
  assertTexts(fields.models, 'models');
  assertLimitFields(fields.limits);
  assertMemberDefaults(fields.memberDefaults);
  assertAliases(fields.modelAliases ?? {}, deps.isKnownModel);
  assertJsonLimits(fields.metadata, 'metadata');
  for (const [name, value] of Object.entries({ ...fields.inMetadata, ...fields.extra })) assertJsonLimits(value, name);
  assertLogDestinations(fields.metadata ?? {});
  assertLists(fields.extra, '', ['default_team_member_models']);
  assertLists(fields.metadata ?? {}, 'metadata.');
  assertLists(fields.inMetadata, '');
  assertParamNames(fields.metadata ?? {}, 'metadata.');
  assertParamNames(fields.inMetadata, '');
  assertModelLimits(fields.metadata ?? {});
  assertKeyDuration(fields.metadata ?? {}, 'metadata');
  assertKeyDuration(fields.inMetadata, MEMBER_KEY_DURATION);
  assertBudgetRaise(fields.metadata ?? {}, 'metadata');
  assertBudgetRaise(fields.inMetadata, 'temp_budget_increase');
}

/** Limits per model may stand in the metadata too, as LiteLLM keeps them there; unreadable, they would limit nothing. */
function assertModelLimits(metadata: JsonObject): void {
  for (const name of ['model_rpm_limit', 'model_tpm_limit']) {
    const limits = metadata[name] ?? {};
    const isCount = (limit: Json): boolean => Number.isSafeInteger(limit) && (limit as number) >= 0;
    if (!isJsonObject(limits) || !Object.values(limits).every(isCount)) {
      refuse('metadata', `metadata.${name} must be an object of model name → whole number, 0 or more.`);
    }
  }
}

/** One that cannot be read would let keys of members live without an end. Empty: none, as forms send it. */
function assertKeyDuration(values: Readonly<Record<string, Json>>, param: string): void {
  const duration = values[MEMBER_KEY_DURATION] ?? '';
  if (duration === '' || (typeof duration === 'string' && parseDuration(duration) !== undefined)) return;
  refuse(
    param,
    `${param === 'metadata' ? 'metadata.' : ''}${MEMBER_KEY_DURATION}: ${JSON.stringify(duration).slice(0, 40)} is no duration. ` +
      'Write a positive whole number and s, m, h, d, w or mo, as in 30d.',
  );
}

/** An amount that is added to the budget for a while needs both an amount and an end that can be read. Throws bad_request. */
export function assertBudgetRaise(values: Readonly<Record<string, Json>>, param: string): void {
  const { temp_budget_increase: increase = null, temp_budget_expiry: expiry = null } = values;
  if (increase === null && expiry === null) return;
  if (parseBudgetRaise({ temp_budget_increase: increase, temp_budget_expiry: expiry }) === null) {
    refuse(param, 'temp_budget_increase must be dollars above 0, and temp_budget_expiry an ISO date or time.');
  }
}

/** A wrong default of the members is named as the request names it. */
function assertMemberDefaults(defaults: LimitFields): void {
  try {
    assertLimitFields(defaults);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const param = MEMBER_NAMES[error.param ?? ''] ?? error.param;
    throw new GatewayError(error.code, error.message.replace(error.param ?? '', String(param)), { param });
  }
}

const MEMBER_NAMES: Readonly<Record<string, string>> = {
  max_budget: 'team_member_budget',
  budget_duration: 'team_member_budget_duration',
  rpm_limit: 'team_member_rpm_limit',
  tpm_limit: 'team_member_tpm_limit',
};

function assertAliases(aliases: Readonly<Record<string, string>>, isKnownModel: (name: string) => boolean): void {
  const param = 'model_aliases';
  const entries = Object.entries(aliases);
  if (entries.length > MAX_ALIASES) refuse(param, `${param} cannot have more than ${MAX_ALIASES} entries.`);
  for (const [name, target] of entries) {
    assertText(name, param);
    assertText(target, param);
    if (!isKnownModel(target)) {
      refuse(param, `${param}: '${name}' points to '${target}', which is no model or alias of this proxy.`);
    }
  }
}

/** Tags and guardrails go with every call, so they must be lists of names when a call comes. */
function assertLists(
  values: Readonly<Record<string, Json>>,
  prefix: string,
  names: readonly string[] = ['tags', 'guardrails'],
): void {
  for (const name of names) {
    const list = values[name] ?? [];
    const param = prefix === '' ? name : 'metadata';
    if (!Array.isArray(list) || list.some((item) => typeof item !== 'string')) {
      refuse(param, `${prefix}${name} must be a list of strings.`);
    }
    assertTexts(list as string[], param);
  }
}

function refuse(param: string, message: string): never {
  throw new GatewayError('bad_request', message, { param });
}
