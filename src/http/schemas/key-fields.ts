/**
 * The fields that generate, update and regenerate have in common: the body's snake_case and dollars → `KeyFields`.
 * Absent, null and a value stay three different things all the way.
 */
import { z } from 'zod';
import type { Json, JsonObject } from '../../core/json.ts';
import { LIMIT_TYPE_FIELDS, LIMIT_TYPES } from '../../core/throughput.ts';
import type { KeyFields } from '../../management/keys/key-fields.ts';
import {
  DURATION_HELP,
  ENFORCED_PARAMS_HELP,
  LaxBoolean,
  LaxDollars,
  LaxInteger,
  LaxNumber,
  OpenObject,
  Texts,
  toCeilingNanoUsd,
} from './key-shapes.ts';
import { toModelBudgets, toModelRates } from './model-max-budget.ts';
import { findGiven, isSaid } from './unenforced-fields.ts';

const NOT_YET = 'Stored and returned; not acted on in this release.';
const GUARANTEED =
  'guaranteed_throughput: refused where, with the limits of all other keys there, they do not fit into those of the team and of the organisation:';
const OTHERWISE = 'Else they may be more than that; every limit holds in any case.';

/** Wire fields that are fields of the record, by another name and otherwise as they are. */
const RECORD_SHAPE = {
  key_alias: z.string().nullish().describe('Unique among living keys; addresses the key. Empty: none.'),
  duration: z.string().nullish().describe(`Lifetime from now. ${DURATION_HELP} null or "-1": never expires.`),
  models: Texts.nullish().describe('Names and wildcards that the key may call; empty: all.'),
  aliases: z.record(z.string(), z.string()).nullish().describe('Requested model → model to use instead.'),
  user_id: z.string().nullish().describe('Owner. Administrators may name one that there is not (yet). Empty: none.'),
  team_id: z
    .string()
    .nullish()
    .describe('Has to be a team of the caller; administrators may name one that there is not (yet). Empty: not given.'),
  organization_id: z.string().nullish().describe('Has to exist. Empty: not given.'),
  budget_id: z
    .string()
    .nullish()
    .describe('Has to exist; limits of that row hold where the key says nothing. Empty: none.'),
  budget_duration: z.string().nullish().describe(`Length of the budget's clock window. ${DURATION_HELP}`),
  budget_mode: z
    .enum(['standard', 'hard'])
    .nullish()
    .describe('hard: max_budget is never exceeded. null: the default.'),
  rpm_limit: LaxInteger.nullish().describe('Requests per minute; 0 allows none.'),
  tpm_limit: LaxInteger.nullish().describe('Tokens per minute; 0 allows none.'),
  max_parallel_requests: LaxInteger.nullish().describe('Calls in flight at once; 0 allows none.'),
  metadata: OpenObject.nullish().describe('Free JSON. Given: replaces the stored metadata as a whole.'),
  permissions: OpenObject.nullish(),
  config: OpenObject.nullish().describe(NOT_YET),
  allowed_cache_controls: Texts.nullish().describe(NOT_YET),
  allowed_routes: Texts.nullish().describe(
    'Routes, prefixes with *, or llm_api_routes, management_routes, info_routes.',
  ),
  allowed_ips: Texts.nullish().describe('Addresses and CIDR ranges that the key may call from; empty: all.'),
  blocked: LaxBoolean.nullish(),
  auto_rotate: LaxBoolean.nullish().describe('Rotate every rotation_interval: see POST /key/rotation/claim.'),
  rotation_interval: z.string().nullish().describe(`From one rotation to the next. ${DURATION_HELP}`),
};
const RECORD_NAMES: Readonly<Record<keyof typeof RECORD_SHAPE, keyof KeyFields>> = {
  key_alias: 'alias',
  duration: 'duration',
  models: 'models',
  aliases: 'aliases',
  user_id: 'userId',
  team_id: 'teamId',
  organization_id: 'organizationId',
  budget_id: 'budgetId',
  budget_duration: 'budgetDuration',
  budget_mode: 'budgetMode',
  rpm_limit: 'rpmLimit',
  tpm_limit: 'tpmLimit',
  max_parallel_requests: 'maxParallelRequests',
  metadata: 'metadata',
  permissions: 'permissions',
  config: 'config',
  allowed_cache_controls: 'allowedCacheControls',
  allowed_routes: 'allowedRoutes',
  allowed_ips: 'allowedIps',
  blocked: 'blocked',
  auto_rotate: 'autoRotate',
  rotation_interval: 'rotationInterval',
};

const MONEY_SHAPE = {
  spend: LaxNumber.nullish().describe('Sets what counts as spent in the current budget window. US dollars.'),
  max_budget: LaxDollars.nullish().describe('US dollars per budget_duration; 0 blocks every call, null: no budget.'),
  soft_budget: LaxDollars.nullish().describe('US dollars; calls go on beyond it, and alerts tell of it.'),
};
const MONEY_NAMES: Readonly<Record<keyof typeof MONEY_SHAPE, keyof KeyFields>> = {
  spend: 'spendNanoUsd',
  max_budget: 'maxBudgetNanoUsd',
  soft_budget: 'softBudgetNanoUsd',
};

/** Wire fields that LiteLLM keeps inside metadata, and so do we. */
const METADATA_SHAPE = {
  tags: Texts.nullish().describe('Kept in metadata.tags; every call carries them.'),
  guardrails: Texts.nullish().describe(`Kept in metadata.guardrails. ${NOT_YET}`),
  model_rpm_limit: z.record(z.string(), LaxInteger).nullish().describe('Model → requests per minute.'),
  model_tpm_limit: z.record(z.string(), LaxInteger).nullish().describe('Model → tokens per minute.'),
  tag_rpm_limit: z.record(z.string(), LaxInteger).nullish().describe('Tag → requests per minute that carry it.'),
  enforced_params: Texts.nullish().describe(ENFORCED_PARAMS_HELP),
  prompts: Texts.nullish().describe(NOT_YET),
  rpm_limit_type: z.enum(LIMIT_TYPES).nullish().describe(`${GUARANTEED} rpm_limit and model_rpm_limit. ${OTHERWISE}`),
  tpm_limit_type: z.enum(LIMIT_TYPES).nullish().describe(`${GUARANTEED} tpm_limit and model_tpm_limit. ${OTHERWISE}`),
  temp_budget_increase: LaxNumber.nullish().describe('US dollars on top of max_budget, until temp_budget_expiry.'),
  temp_budget_expiry: z.string().nullish().describe('When temp_budget_increase ends.'),
  team_member_key_duration: z.string().nullish().describe(NOT_YET),
  secret_manager_settings: OpenObject.nullish().describe(NOT_YET),
  allowed_passthrough_routes: Texts.nullish().describe(NOT_YET),
  allowed_vector_store_indexes: z.array(z.unknown()).nullish().describe(NOT_YET),
};

/** Wire fields that are stored and returned as given. */
const EXTRA_SHAPE = {
  router_settings: OpenObject.nullish().describe(NOT_YET),
  object_permission: OpenObject.nullish().describe(NOT_YET),
  project_id: z.string().nullish().describe(NOT_YET),
  agent_id: z.string().nullish().describe(NOT_YET),
  access_group_ids: Texts.nullish().describe(NOT_YET),
  policies: Texts.nullish().describe(NOT_YET),
  budget_limits: z
    .array(z.unknown())
    .nullish()
    .describe('Further budgets that hold as well: a list of {budget_duration, max_budget}.'),
  budget_fallbacks: z
    .record(z.string(), Texts)
    .nullish()
    .describe('Model → the models to use in its place, in order, once a budget does not pay for it.'),
  throttle_on_budget_exceeded: LaxBoolean.nullish().describe(NOT_YET),
  disable_global_guardrails: LaxBoolean.nullish().describe(NOT_YET),
  mcp_rpm_limit: OpenObject.nullish().describe(NOT_YET),
};

export const KEY_FIELDS_SHAPE = {
  ...RECORD_SHAPE,
  ...MONEY_SHAPE,
  model_max_budget: OpenObject.nullish().describe('Model → dollars, or {budget_limit, time_period}.'),
  ...METADATA_SHAPE,
  ...EXTRA_SHAPE,
};

const EXTRA_FIELDS = Object.keys(EXTRA_SHAPE) as (keyof typeof EXTRA_SHAPE)[];
/** Names that a reply shows beside the row, though they live in its metadata. */
export const METADATA_FIELDS = Object.keys(METADATA_SHAPE) as (keyof typeof METADATA_SHAPE)[];

const ACTED_ON: readonly string[] = [
  'tags',
  'model_rpm_limit',
  'model_tpm_limit',
  'tag_rpm_limit',
  ...LIMIT_TYPE_FIELDS,
  'enforced_params',
  'temp_budget_increase',
  'temp_budget_expiry',
  'budget_limits',
  'budget_fallbacks',
];
const KEPT_IN_RECORD = ['config', 'allowed_cache_controls'] as const;
const KEPT_ONLY = [...METADATA_FIELDS, ...EXTRA_FIELDS, ...KEPT_IN_RECORD].filter((name) => !ACTED_ON.includes(name));
/** Forms send an empty text for what was left blank: an owner that the request does not speak of. */
const UNSAID_IF_BLANK: readonly string[] = ['team_id', 'organization_id', 'project_id', 'agent_id'];
/** A key that there is keeps these. Of a new one they are refused when blank: it would live, or spend, without an end. */
const KEPT_IF_BLANK: readonly string[] = ['duration', 'budget_duration', 'rotation_interval'];
/** And here: none. */
const NONE_IF_BLANK: readonly string[] = ['key_alias', 'user_id', 'budget_id'];

export type KeyFieldsBody = z.output<z.ZodObject<typeof KEY_FIELDS_SHAPE>>;

/** The body's fields in the terms of the core. Throws bad_request for a model budget of no known shape. */
export function toKeyFields(given: KeyFieldsBody): KeyFields {
  const body = withoutBlanks(given);
  const { model_max_budget: modelMaxBudget } = body;
  const fields: Partial<Record<keyof KeyFields, unknown>> = {};
  for (const [wire, name] of namesOf(RECORD_NAMES)) if (body[wire] !== undefined) fields[name] = body[wire];
  for (const [wire, name] of namesOf(MONEY_NAMES)) {
    const usd = body[wire];
    if (usd !== undefined) fields[name] = usd === null ? null : toCeilingNanoUsd(usd);
  }
  if (modelMaxBudget !== undefined)
    fields.modelMaxBudget = modelMaxBudget === null ? null : toModelBudgets(modelMaxBudget);
  const modelRates = toModelRates(modelMaxBudget);
  if (modelRates !== undefined) fields.modelRates = modelRates;
  fields.inMetadata = pickGiven(body, METADATA_FIELDS);
  fields.extra = pickGiven(body, EXTRA_FIELDS);
  return fields as KeyFields;
}

/** The same of a key that there is. */
export function toKeyChanges(body: KeyFieldsBody): KeyFields {
  const said = Object.entries(body).filter(([name, value]) => value !== '' || !KEPT_IF_BLANK.includes(name));
  return toKeyFields(Object.fromEntries(said) as KeyFieldsBody);
}

function withoutBlanks(body: KeyFieldsBody): KeyFieldsBody {
  const said = Object.entries(body).filter(([name, value]) => value !== '' || !UNSAID_IF_BLANK.includes(name));
  const blankAsNone = said.map(([name, value]) => [name, value === '' && NONE_IF_BLANK.includes(name) ? null : value]);
  return Object.fromEntries(blankAsNone) as KeyFieldsBody;
}

/** Given fields that the release keeps without acting on them; a header of the reply names them. */
export function findUnenforcedFields(body: KeyFieldsBody): string[] {
  const permissions = Object.entries(body.permissions ?? {}).filter(([name]) => name !== 'get_spend_routes');
  const idle = permissions.filter(([, value]) => isSaid(value)).map(([name]) => `permissions.${name}`);
  return [...findGiven(body, KEPT_ONLY), ...idle];
}

function pickGiven(body: KeyFieldsBody, names: readonly (keyof KeyFieldsBody)[]): Record<string, Json> {
  return Object.fromEntries(names.filter((name) => body[name] !== undefined).map((name) => [name, body[name] as Json]));
}

function namesOf<Wire extends string>(table: Readonly<Record<Wire, keyof KeyFields>>): [Wire, keyof KeyFields][] {
  return Object.entries(table) as [Wire, keyof KeyFields][];
}

/** A request body as plain JSON, without its secrets: for the operator's hook. */
export function withoutSecrets(body: Readonly<Record<string, unknown>>, secretNames: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !secretNames.includes(name))) as JsonObject;
}
