/** /user/*: bodies, and the rows that answer. */
import { z } from 'zod';
import type { Json, JsonObject } from '../../core/json.ts';
import type { KeyFields } from '../../management/keys/key-fields.ts';
import type { TeamPlace } from '../../management/teams/join-teams.ts';
import type { TeamView } from '../../management/teams/view-team.ts';
import type { CreatedUser, NewUser } from '../../management/users/create-user.ts';
import type { UserInfo } from '../../management/users/read-users.ts';
import type { UserUpdate } from '../../management/users/update-user.ts';
import { roleText, type UserFields } from '../../management/users/user-fields.ts';
import type { UserView } from '../../management/users/view-user.ts';
import { toIsoTimeOrNull } from './iso-time.ts';
import { KEY_FIELDS_SHAPE, toKeyFields, withoutSecrets } from './key-fields.ts';
import { fromKeyView, KeyRow } from './key-row.ts';
import { LaxBoolean, LaxDollars, LaxNumber, OpenObject, Texts, toCeilingNanoUsd } from './key-shapes.ts';
import { LIMIT_SHAPE, type LimitClock, toLimitFields } from './limit-fields.ts';
import { fromOwnerView, OwnerRow } from './owner-row.ts';
import { fromMemberView, fromTeamView, TeamMembershipRow, TeamRow } from './team-row.ts';
import { findGiven, isSaid } from './unenforced-fields.ts';

const NOT_YET = 'Stored and returned; not acted on in this release.';

export const USER_SHAPE = {
  user_id: z.string().nullish().describe('Absent: one is made up.'),
  user_email: z.string().nullish().describe('Unique among living users.'),
  user_alias: z.string().nullish(),
  user_role: z
    .string()
    .nullish()
    .describe(
      'proxy_admin, proxy_admin_viewer, internal_user or internal_user_viewer; any other text counts as internal_user.',
    ),
  models: Texts.nullish().describe('What keys of this user may call; empty: all, ["no-default-models"]: none.'),
  metadata: OpenObject.nullish(),
  blocked: LaxBoolean.nullish(),
  spend: LaxNumber.nullish().describe('Sets what counts as spent in the current budget window. US dollars.'),
  sso_user_id: z.string().nullish().describe(NOT_YET),
  object_permission: OpenObject.nullish().describe(NOT_YET),
  ...LIMIT_SHAPE,
};
const PASSWORD_SHAPE = {
  password: z
    .string()
    .nullish()
    .describe('For signing in to the dashboard: 12 to 256 characters. Never returned. null: the user cannot sign in.'),
};
const EXTRA = ['sso_user_id', 'object_permission'] as const;

/** What a request may say of the key that comes with a new user; limits and models in it are the user's. */
const FIRST_KEY_SHAPE = {
  key_alias: KEY_FIELDS_SHAPE.key_alias,
  duration: KEY_FIELDS_SHAPE.duration,
  aliases: KEY_FIELDS_SHAPE.aliases,
  config: KEY_FIELDS_SHAPE.config,
  permissions: KEY_FIELDS_SHAPE.permissions,
  allowed_cache_controls: KEY_FIELDS_SHAPE.allowed_cache_controls,
  guardrails: KEY_FIELDS_SHAPE.guardrails,
  tags: KEY_FIELDS_SHAPE.tags,
};

const KEPT_OF_FIRST_KEY = [
  'config',
  'allowed_cache_controls',
  'guardrails',
] as const satisfies readonly (keyof typeof FIRST_KEY_SHAPE)[];

const TeamToJoin = z.looseObject({
  team_id: z.string(),
  user_role: z.enum(['user', 'admin']).nullish().describe('In the team; absent: user.'),
  max_budget_in_team: LaxDollars.nullish().describe('What the user may use up there; null: as the team says.'),
});

export const UserNewBody = z.looseObject({
  ...FIRST_KEY_SHAPE,
  ...USER_SHAPE,
  ...PASSWORD_SHAPE,
  teams: z
    .array(z.union([z.string(), TeamToJoin]))
    .nullish()
    .describe('Teams to join: by name, as a plain member, or with what the user is to be there.'),
  team_id: z.string().nullish().describe('Also a team to join; the key that is made belongs to it.'),
  organizations: Texts.nullish(),
  organization_id: z.string().nullish(),
  auto_create_key: LaxBoolean.nullish().describe('false: no key is made along with the user.'),
  send_invite_email: LaxBoolean.nullish().describe(
    'The user is told by mail. Refused where the gateway sends no mail, or no user_email is given.',
  ),
});

export const UserUpdateBody = z.looseObject({
  ...USER_SHAPE,
  ...PASSWORD_SHAPE,
  current_password: z.string().nullish().describe('Needed to change your own password.'),
});
export const UserDeleteBody = z.looseObject({ user_ids: Texts });
export const UserInfoQuery = z.object({ user_id: z.string().optional() });

export const USER_NEW_NAMES = Object.keys(UserNewBody.shape);
export const USER_NAMES = Object.keys(UserUpdateBody.shape);

export const UserRow = OwnerRow.extend({
  user_id: z.string(),
  user_email: z.string().nullable(),
  user_alias: z.string().nullable(),
  user_role: z.string(),
  teams: z.array(z.string()),
});
export const UserNewReply = UserRow.extend({ key: z.string(), token_id: z.string().nullable() });
export const UserUpdateReply = z.object({ user_id: z.string(), data: UserRow });
const TeamOfUser = TeamRow.extend({ team_memberships: z.array(TeamMembershipRow) });
export const UserInfoReply = z.object({
  user_id: z.string().nullable(),
  user_info: UserRow.nullable(),
  keys: z.array(KeyRow.extend({ team_alias: z.string().nullable() })),
  teams: z.array(TeamOfUser),
});

export type UserShape = z.output<z.ZodObject<typeof USER_SHAPE>>;
type UserBody = UserShape & { password?: string | null | undefined; current_password?: string | null | undefined };
type NewBody = z.output<typeof UserNewBody>;

export function toNewUser(body: NewBody): NewUser {
  const listed = (body.teams ?? []).map(toPlace);
  const teamId = body.team_id === '' ? null : (body.team_id ?? null);
  return {
    id: body.user_id === '' ? null : (body.user_id ?? null),
    fields: toUserFields(body),
    teams: teamId === null ? listed : [...listed, toPlace(teamId)],
    organizationIds: [...(body.organizations ?? []), ...(body.organization_id ? [body.organization_id] : [])],
    sendInviteEmail: body.send_invite_email === true,
    firstKey: body.auto_create_key === false ? null : toFirstKey(body, teamId),
    password: body.password ?? null,
    request: withoutSecrets(body, ['key', 'password']),
  };
}

function toPlace(team: string | z.output<typeof TeamToJoin>): TeamPlace {
  if (typeof team === 'string') return { teamId: team, role: 'user', maxBudgetNanoUsd: null };
  const budget = team.max_budget_in_team;
  return {
    teamId: team.team_id,
    role: team.user_role ?? 'user',
    maxBudgetNanoUsd: budget == null ? null : toCeilingNanoUsd(budget),
  };
}

function toFirstKey(body: NewBody, teamId: string | null): KeyFields {
  const names = Object.keys(FIRST_KEY_SHAPE) as (keyof typeof FIRST_KEY_SHAPE)[];
  const own = Object.fromEntries(names.map((name) => [name, body[name]]));
  const fields = toKeyFields(own as Parameters<typeof toKeyFields>[0]);
  return teamId === null ? fields : { ...fields, teamId };
}

export function toUserUpdate(body: UserBody): UserUpdate {
  const id = body.user_id ?? null;
  const email = body.user_email ?? null;
  const fields = toUserFields(body);
  // An address alone names the user; beside an id it is the new one.
  const { email: _, ...others } = fields;
  const secret = { password: body.password, currentPassword: body.current_password };
  return { id, email, fields: id === null ? others : fields, secret };
}

export function toUserFields(body: UserShape): UserFields {
  const { spend } = body;
  const extra = EXTRA.filter((name) => body[name] !== undefined).map((name) => [name, body[name] as Json]);
  return {
    alias: body.user_alias,
    email: body.user_email,
    role: body.user_role,
    models: body.models,
    metadata: body.metadata as JsonObject | null | undefined,
    blocked: body.blocked,
    limits: toLimitFields(body),
    spendNanoUsd: spend === null || spend === undefined ? spend : toCeilingNanoUsd(spend),
    extra: Object.fromEntries(extra),
  };
}

/** The same of a new user, and of the key that comes with it. */
export function findUnenforcedNewUserFields(body: UserBody): string[] {
  return [...findUnenforcedUserFields(body), ...findGiven(body, KEPT_OF_FIRST_KEY)];
}

/** Given fields that are kept without being acted on. */
export function findUnenforcedUserFields(body: UserBody): string[] {
  return EXTRA.filter((name) => isSaid(body[name]));
}

export function fromUser(view: UserView, clock: LimitClock): z.output<typeof UserRow> {
  const { record } = view;
  const { user_role_text: _, ...row } = fromOwnerView(view, clock) as Record<string, unknown>;
  return {
    sso_user_id: null,
    object_permission: null,
    ...(row as z.output<typeof OwnerRow>),
    user_id: record.id,
    user_email: record.email,
    user_alias: record.alias,
    user_role: roleText(record),
    teams: view.memberships.map(({ teamId }) => teamId),
  };
}

export function fromCreatedUser({ view, key }: CreatedUser, clock: LimitClock): z.output<typeof UserNewReply> {
  const record = key?.record;
  return {
    ...fromUser(view, clock),
    key: key?.secret ?? '',
    token: record?.hash ?? null,
    token_id: record?.hash ?? null,
    key_id: record?.keyId ?? null,
    key_name: record?.mask ?? null,
    key_alias: record?.alias ?? null,
    team_id: record?.teamId ?? null,
    expires: toIsoTimeOrNull(record?.expiresAtMs ?? null),
  };
}

export function fromUserInfo(
  { user, keys, teams }: UserInfo,
  asked: string | null,
  clock: LimitClock,
): z.output<typeof UserInfoReply> {
  const aliases = new Map(teams.map(({ team }) => [team.id, team.alias]));
  return {
    user_id: user?.record.id ?? asked,
    user_info: user === null ? null : fromUser(user, clock),
    keys: keys.map((view) => ({ ...fromKeyView(view), team_alias: aliases.get(view.key.teamId ?? '') ?? null })),
    teams: teams.map((team) => fromTeamOfUser(team, user, clock)),
  };
}

/** The team as /team/info shows it, and of its members' spend the person's own. */
function fromTeamOfUser(view: TeamView, user: UserView | null, clock: LimitClock): z.output<typeof TeamOfUser> {
  const own = user === null ? view.members : view.members.filter(({ member }) => member.userId === user.record.id);
  return { ...fromTeamView(view, clock), team_memberships: own.map((member) => fromMemberView(member, clock)) };
}
