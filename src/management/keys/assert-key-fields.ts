import { assertJsonLimits } from '../../core/assert-json-limits.ts';
import { assertLogDestinations } from '../../core/assert-log-destinations.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { parseIpRange } from '../../core/ip-range.ts';
import { isJsonObject, type Json } from '../../core/json.ts';
import { parseKeyAddress } from '../../core/key-address.ts';
import { LIMIT_TYPE_FIELDS, LIMIT_TYPES } from '../../core/throughput.ts';
import { assertParamNames } from '../owners/assert-param-names.ts';
import { getDuration } from './get-duration.ts';
import type { KeyFields } from './key-fields.ts';
import { NEVER } from './merge-key-fields.ts';

const MAX_NAME_CHARS = 256;
/** Integers up to here are exact, in nano-dollars as in counts. */
const MAX_USD = 9_000_000;

type FieldOf<T> = {
  [Name in keyof KeyFields]-?: NonNullable<KeyFields[Name]> extends T ? Name : never;
}[keyof KeyFields];

/** Field → its name on the wire, which is what a refusal names. */
const MONEY: Partial<Record<FieldOf<number>, string>> = {
  maxBudgetNanoUsd: 'max_budget',
  softBudgetNanoUsd: 'soft_budget',
  spendNanoUsd: 'spend',
};
const COUNTS: Partial<Record<FieldOf<number>, string>> = {
  rpmLimit: 'rpm_limit',
  tpmLimit: 'tpm_limit',
  maxParallelRequests: 'max_parallel_requests',
};
const NAMES: Partial<Record<FieldOf<string>, string>> = {
  alias: 'key_alias',
  userId: 'user_id',
  teamId: 'team_id',
  organizationId: 'organization_id',
  budgetId: 'budget_id',
};
const NAME_LISTS: Partial<Record<FieldOf<readonly string[]>, string>> = {
  models: 'models',
  allowedRoutes: 'allowed_routes',
  allowedIps: 'allowed_ips',
  allowedCacheControls: 'allowed_cache_controls',
};
/** All that is read with the key and has no length of its own. */
const JSON_FIELDS: Partial<Record<keyof KeyFields, string>> = {
  ...NAME_LISTS,
  aliases: 'aliases',
  modelMaxBudget: 'model_max_budget',
  metadata: 'metadata',
  permissions: 'permissions',
  config: 'config',
};
const DURATIONS: Partial<Record<FieldOf<string>, string>> = {
  budgetDuration: 'budget_duration',
  rotationInterval: 'rotation_interval',
};

/**
 * Everything about a key's fields that types do not say. Throws `bad_request` (400) with the wire's name of the field
 * in `param`; returns when all of them can be stored and enforced as they stand.
 */
export function assertKeyFields(fields: KeyFields, isKnownModel: (name: string) => boolean): void {
  for (const [field, param] of entriesOf(MONEY)) assertMoney(fields[field], param);
  for (const [field, param] of entriesOf(COUNTS)) assertCount(fields[field], param);
  for (const [field, param] of entriesOf(NAMES)) assertName(fields[field], param);
  for (const [field, param] of entriesOf(DURATIONS)) assertDuration(fields[field], param);
  for (const [field, param] of entriesOf(NAME_LISTS)) {
    for (const name of fields[field] ?? []) assertName(name, param);
  }
  if (fields.duration !== NEVER) assertDuration(fields.duration, 'duration');
  assertAlias(fields.alias);
  assertModelAliases(fields.aliases, isKnownModel);
  for (const [model, budget] of Object.entries(fields.modelMaxBudget ?? {})) {
    assertName(model, 'model_max_budget');
    assertMoney(budget.maxBudgetNanoUsd, 'model_max_budget');
    assertDuration(budget.budgetDuration, 'model_max_budget');
  }
  for (const [field, param] of entriesOf(JSON_FIELDS)) assertJsonLimits(fields[field], param);
  for (const [name, value] of Object.entries({ ...fields.inMetadata, ...fields.extra })) assertJsonLimits(value, name);
  assertLogDestinations(fields.metadata ?? {});
  assertMeaningfulMetadata(fields.metadata ?? {}, 'metadata.');
  assertMeaningfulMetadata(fields.inMetadata ?? {}, '');
  assertBudgetLimits(fields.extra?.budget_limits);
  assertBudgetFallbacks(fields, isKnownModel);
  for (const entry of fields.allowedIps ?? []) {
    if (parseIpRange(entry) !== null) continue;
    refuse('allowed_ips', `allowed_ips: '${entry}' is neither an IP address nor a range such as 10.0.0.0/8.`);
  }
}

/** Text for a column or a list of names: not too long, and free of control characters, which PostgreSQL cannot keep. */
function assertName(value: string | null | undefined, param: string): void {
  if (value === undefined || value === null) return;
  if (value.length > MAX_NAME_CHARS) refuse(param, `${param} is longer than ${MAX_NAME_CHARS} characters.`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(value)) refuse(param, `${param} holds a control character.`);
}

/** A duration such as 30s, 30m, 30h, 30d or 1mo. */
function assertDuration(value: string | null | undefined, param: string): void {
  if (value !== undefined && value !== null) getDuration(value, param);
}

function assertMoney(nanoUsd: number | null | undefined, param: string): void {
  if (nanoUsd === undefined || nanoUsd === null) return;
  if (!Number.isFinite(nanoUsd) || nanoUsd < 0) refuse(param, `${param} must be a non-negative finite number.`);
  if (nanoUsd > MAX_USD * 1e9)
    refuse(param, `${param} cannot be more than ${MAX_USD} dollars; leave it out for no limit.`);
}

function assertCount(count: number | null | undefined, param: string): void {
  if (count === undefined || count === null) return;
  if (!Number.isFinite(count)) refuse(param, `${param} must be a finite number.`);
  if (count < 0) refuse(param, `${param} cannot be negative.`);
  if (!Number.isSafeInteger(count)) refuse(param, `${param} is too large; leave it out for no limit.`);
}

function assertAlias(alias: string | null | undefined): void {
  if (alias !== undefined && alias !== null && parseKeyAddress(alias).kind !== 'alias') {
    refuse('key_alias', 'key_alias reads as a secret, a hash or a key_id: such an alias could not be told from one.');
  }
}

function assertModelAliases(aliases: KeyFields['aliases'], isKnownModel: (name: string) => boolean): void {
  for (const [name, target] of Object.entries(aliases ?? {})) {
    assertName(name, 'aliases');
    assertName(target, 'aliases');
    if (!isKnownModel(target)) {
      refuse('aliases', `aliases: '${name}' points to '${target}', which is no model or alias of this proxy.`);
    }
  }
}

/** Counts inside metadata, and what each of them is for. */
const COUNTS_BY_NAME = [
  ['model_rpm_limit', 'model name'],
  ['model_tpm_limit', 'model name'],
  ['tag_rpm_limit', 'tag'],
] as const;

/** Names inside metadata that limit or describe calls must be readable when a call comes, or they would not apply. */
function assertMeaningfulMetadata(metadata: Readonly<Record<string, Json>>, prefix: string): void {
  for (const [name, what] of COUNTS_BY_NAME) {
    const limits = metadata[name] ?? {};
    const param = prefix === '' ? name : 'metadata';
    if (!isJsonObject(limits)) refuse(param, `${prefix}${name} must be an object of ${what} → limit.`);
    for (const [limited, limit] of Object.entries(limits)) {
      assertName(limited, param);
      if (typeof limit !== 'number' || !Number.isSafeInteger(limit) || limit < 0) {
        refuse(param, `${prefix}${name}: the limit of '${limited}' must be a whole number, 0 or more.`);
      }
    }
  }
  for (const name of LIMIT_TYPE_FIELDS) {
    const type = metadata[name] ?? null;
    if (type === null || LIMIT_TYPES.some((known) => known === type)) continue;
    refuse(prefix === '' ? name : 'metadata', `${prefix}${name} must be one of ${LIMIT_TYPES.join(', ')}.`);
  }
  for (const name of ['tags', 'guardrails']) {
    const list = metadata[name] ?? [];
    const param = prefix === '' ? name : 'metadata';
    if (!Array.isArray(list) || list.some((item) => typeof item !== 'string')) {
      refuse(param, `${prefix}${name} must be a list of strings.`);
    }
    for (const item of list) assertName(String(item), param);
  }
  assertParamNames(metadata, prefix);
}

function assertBudgetLimits(limits: Json | undefined): void {
  if (limits === undefined || limits === null) return;
  const param = 'budget_limits';
  if (!Array.isArray(limits)) refuse(param, 'budget_limits must be a list of {budget_duration, max_budget}.');
  for (const limit of limits) {
    if (!isJsonObject(limit) || typeof limit.budget_duration !== 'string' || typeof limit.max_budget !== 'number') {
      refuse(param, 'budget_limits must be a list of {budget_duration, max_budget}.');
    }
    assertDuration(limit.budget_duration, param);
    assertMoney(limit.max_budget * 1e9, param);
  }
}

/** Each of them is planned for as a call of its own, whenever a budget refuses the one before. */
const MAX_BUDGET_FALLBACKS = 20;

/** A fallback that no call could go to would leave calls refused that were meant to be served. */
function assertBudgetFallbacks({ extra, aliases }: KeyFields, isKnownModel: (name: string) => boolean): void {
  const param = 'budget_fallbacks';
  for (const [model, chain] of Object.entries((extra?.budget_fallbacks ?? {}) as Record<string, string[]>)) {
    assertName(model, param);
    if (chain.length > MAX_BUDGET_FALLBACKS) {
      refuse(param, `budget_fallbacks: '${model}' has more than ${MAX_BUDGET_FALLBACKS} fallbacks.`);
    }
    for (const name of chain) {
      assertName(name, param);
      if (name === model) refuse(param, `budget_fallbacks: '${model}' cannot stand in for itself.`);
      if (isKnownModel(name) || Object.hasOwn(aliases ?? {}, name)) continue;
      refuse(param, `budget_fallbacks: '${model}' falls back to '${name}', which is no model or alias of this proxy.`);
    }
  }
}

function refuse(param: string, message: string): never {
  throw new GatewayError('bad_request', message, { param });
}

function entriesOf<Name extends string>(table: Partial<Record<Name, string>>): [Name, string][] {
  return Object.entries(table) as [Name, string][];
}
