/**
 * The fields that /team/new and /team/update have in common: the body's snake_case and dollars → `TeamFields`. Absent,
 * null and a value stay three different things all the way.
 */
import { z } from 'zod';
import type { Json, JsonObject } from '../../core/json.ts';
import { MEMBER_PERMISSIONS } from '../../core/team-permissions.ts';
import type { TeamFields } from '../../management/teams/team-fields.ts';
import { BUDGET_RAISE_SHAPE } from './budget-raise.ts';
import {
  DURATION_HELP,
  ENFORCED_PARAMS_HELP,
  LaxBoolean,
  LaxDollars,
  LaxInteger,
  OpenObject,
  Texts,
} from './key-shapes.ts';
import { LIMIT_SHAPE, toLimitFields } from './limit-fields.ts';
import { findGiven } from './unenforced-fields.ts';

const NOT_YET = 'Stored and returned; not acted on in this release.';

const RECORD_SHAPE = {
  team_alias: z.string().nullish().describe('What people call it; need not be unique.'),
  organization_id: z.string().nullish().describe('Must exist. Empty: none.'),
  budget_id: z.string().nullish().describe('Row of limits that hold where the team says nothing. Must exist.'),
  models: Texts.nullish().describe('Names, wildcards and access groups that the team may call; empty: all.'),
  model_aliases: z.record(z.string(), z.string()).nullish().describe('Requested model → model to use instead.'),
  team_member_permissions: z
    .array(z.enum(MEMBER_PERMISSIONS))
    .nullish()
    .describe('Routes that plain members may call for the team.'),
  metadata: OpenObject.nullish().describe('Free JSON. Given: replaces the stored metadata as a whole.'),
  blocked: LaxBoolean.nullish(),
};

/** What each member may use up where nothing is said of that member. */
const MEMBER_SHAPE = {
  team_member_budget: LaxDollars.nullish().describe('US dollars for each member.'),
  team_member_budget_duration: z.string().nullish().describe(`Window of team_member_budget. ${DURATION_HELP}`),
  team_member_rpm_limit: LaxInteger.nullish().describe('Requests per minute of each member.'),
  team_member_tpm_limit: LaxInteger.nullish().describe('Tokens per minute of each member.'),
};

/** Wire fields that LiteLLM keeps inside metadata, and so do we. */
const METADATA_SHAPE = {
  tags: Texts.nullish().describe('Kept in metadata.tags; every call of the team carries them.'),
  guardrails: Texts.nullish().describe(`Kept in metadata.guardrails. ${NOT_YET}`),
  prompts: Texts.nullish().describe(NOT_YET),
  enforced_params: Texts.nullish().describe(ENFORCED_PARAMS_HELP),
  rpm_limit_type: z.string().nullish().describe(NOT_YET),
  tpm_limit_type: z.string().nullish().describe(NOT_YET),
  team_member_key_duration: z
    .string()
    .nullish()
    .describe(
      `How long keys of members live that say no duration, and the longest that they can say. ${DURATION_HELP}`,
    ),
  secret_manager_settings: OpenObject.nullish().describe(NOT_YET),
  allowed_passthrough_routes: Texts.nullish().describe(NOT_YET),
  soft_budget_alerting_emails: Texts.nullish().describe(NOT_YET),
  disable_global_guardrails: LaxBoolean.nullish().describe(NOT_YET),
  ...BUDGET_RAISE_SHAPE,
};

/** Wire fields that are stored and returned as given. */
const EXTRA_SHAPE = {
  object_permission: OpenObject.nullish().describe(NOT_YET),
  router_settings: OpenObject.nullish().describe(NOT_YET),
  policies: Texts.nullish().describe(NOT_YET),
  access_group_ids: Texts.nullish().describe(NOT_YET),
  allowed_vector_store_indexes: z.array(z.unknown()).nullish().describe(NOT_YET),
  default_team_member_models: Texts.nullish().describe(
    'Of the team’s models those that new members may call, as their `allowed_models`. Empty: all of them.',
  ),
};

export const TEAM_FIELDS_SHAPE = {
  ...RECORD_SHAPE,
  ...LIMIT_SHAPE,
  ...MEMBER_SHAPE,
  ...METADATA_SHAPE,
  ...EXTRA_SHAPE,
};

export const TEAM_METADATA_FIELDS = Object.keys(METADATA_SHAPE) as (keyof typeof METADATA_SHAPE)[];
export const TEAM_EXTRA_FIELDS = Object.keys(EXTRA_SHAPE) as (keyof typeof EXTRA_SHAPE)[];

const ACTED_ON: readonly string[] = [
  'tags',
  'enforced_params',
  'team_member_key_duration',
  'temp_budget_increase',
  'temp_budget_expiry',
  'default_team_member_models',
];
const KEPT_ONLY = [
  ...TEAM_METADATA_FIELDS.filter((name) => !ACTED_ON.includes(name)),
  ...TEAM_EXTRA_FIELDS.filter((name) => !ACTED_ON.includes(name)),
];

export type TeamFieldsBody = z.output<z.ZodObject<typeof TEAM_FIELDS_SHAPE>>;

export function toTeamFields(body: TeamFieldsBody): TeamFields {
  const plain = {
    alias: body.team_alias,
    organizationId: body.organization_id === '' ? null : body.organization_id,
    budgetId: body.budget_id === '' ? null : body.budget_id,
    models: body.models,
    modelAliases: body.model_aliases,
    memberPermissions: body.team_member_permissions,
    blocked: body.blocked,
    metadata: body.metadata as JsonObject | null | undefined,
  };
  return {
    ...(given(plain) as Partial<TeamFields>),
    inMetadata: pick(body, TEAM_METADATA_FIELDS),
    extra: pick(body, TEAM_EXTRA_FIELDS),
    limits: toLimitFields(body),
    memberDefaults: toLimitFields({
      max_budget: body.team_member_budget,
      budget_duration: body.team_member_budget_duration,
      rpm_limit: body.team_member_rpm_limit,
      tpm_limit: body.team_member_tpm_limit,
    }),
  };
}

/** Given fields that the release keeps without acting on them; a header of the reply names them. */
export function findUnenforcedTeamFields(body: TeamFieldsBody): string[] {
  return findGiven(body, KEPT_ONLY);
}

function pick(body: TeamFieldsBody, names: readonly (keyof TeamFieldsBody)[]): Record<string, Json> {
  return given(Object.fromEntries(names.map((name) => [name, body[name]]))) as Record<string, Json>;
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
