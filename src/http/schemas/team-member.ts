/** POST /team/member_add, /team/bulk_member_add, /team/member_update and /team/member_delete. */
import { z } from 'zod';
import type { AddedMembers, MemberAddition } from '../../management/teams/add-members.ts';
import type { BulkAdded, BulkAddition } from '../../management/teams/bulk-add-members.ts';
import type { MemberDefaults } from '../../management/teams/team-fields.ts';
import type { MemberUpdate, UpdatedMember } from '../../management/teams/update-member.ts';
import { BUDGET_RAISE_SHAPE, refineBudgetRaise } from './budget-raise.ts';
import { DURATION_HELP, LaxBoolean, LaxDollars, LaxInteger, Texts } from './key-shapes.ts';
import { type LimitClock, toLimitFields } from './limit-fields.ts';
import { PERSON_SHAPE, PersonWithRole, toPeople, toPerson } from './member-shapes.ts';
import { fromMemberView, fromTeamView, TeamMembershipRow, TeamRow } from './team-row.ts';
import { fromUser, UserSummary } from './user-summary.ts';

const LIMITS = {
  max_budget_in_team: LaxDollars.nullish().describe('US dollars of each; null: as the team says of its members.'),
  budget_duration: z.string().nullish().describe(DURATION_HELP),
  tpm_limit: LaxInteger.nullish().describe('Tokens per minute of each.'),
  rpm_limit: LaxInteger.nullish().describe('Requests per minute of each.'),
  allowed_models: Texts.nullish().describe(
    'Of the team’s models those that each may call. Empty: all of them; null: as the team’s default_team_member_models say.',
  ),
};

const ADD_SHAPE = {
  team_id: z.string().min(1),
  member: z.union([PersonWithRole, z.array(PersonWithRole)]).describe('One person or several.'),
  ...LIMITS,
};
export const MEMBER_ADD_NAMES = Object.keys(ADD_SHAPE);
export const MemberAddBody = z.looseObject(ADD_SHAPE);
export const MemberAddReply = TeamRow.extend({
  updated_users: z.array(UserSummary),
  updated_team_memberships: z.array(TeamMembershipRow),
});

const BULK_ADD_SHAPE = {
  team_id: z.string().min(1),
  members: z.array(PersonWithRole).nullish(),
  all_users: LaxBoolean.nullish().describe('Everybody who is a user.'),
  ...LIMITS,
};
export const BULK_MEMBER_ADD_NAMES = Object.keys(BULK_ADD_SHAPE);
export const BulkMemberAddBody = z.looseObject(BULK_ADD_SHAPE);
export const BulkMemberAddReply = z.object({
  team_id: z.string(),
  results: z.array(
    z.looseObject({
      user_id: z.string().nullable(),
      user_email: z.string().nullable(),
      success: z.boolean(),
      error: z.string().nullable(),
    }),
  ),
  total_requested: z.number(),
  successful_additions: z.number(),
  failed_additions: z.number(),
  updated_team: TeamRow.nullable(),
});

export const MemberDeleteBody = z.looseObject({ team_id: z.string().min(1), ...PERSON_SHAPE });

const UPDATE_SHAPE = {
  team_id: z.string().min(1),
  ...PERSON_SHAPE,
  role: z.enum(['admin', 'user']).nullish(),
  ...LIMITS,
  ...BUDGET_RAISE_SHAPE,
};
export const MEMBER_UPDATE_NAMES = Object.keys(UPDATE_SHAPE);
export const MemberUpdateBody = z.looseObject(UPDATE_SHAPE).superRefine(refineBudgetRaise);
export const MemberUpdateReply = z
  .looseObject({
    team_id: z.string(),
    user_id: z.string(),
    user_email: z.string().nullable(),
    role: z.string(),
    max_budget_in_team: z.number().nullable(),
  })
  .describe('What the request set; null: what it did not mention. What holds is in the memberships of the team.');

type LimitsBody = z.output<z.ZodObject<typeof LIMITS>>;

function toMemberLimits(body: LimitsBody): MemberDefaults {
  return toLimitFields({
    max_budget: body.max_budget_in_team,
    budget_duration: body.budget_duration,
    tpm_limit: body.tpm_limit,
    rpm_limit: body.rpm_limit,
  });
}

/** For who is new in a team, null is the same as nothing. */
function toNewLimits(body: LimitsBody): MemberDefaults {
  return Object.fromEntries(Object.entries(toMemberLimits(body)).filter(([, value]) => value !== null));
}

export function toMemberAddition(body: z.output<typeof MemberAddBody>): MemberAddition {
  const { member } = body;
  return {
    teamId: body.team_id,
    people: toPeople(Array.isArray(member) ? member : [member]),
    limits: toNewLimits(body),
    models: body.allowed_models ?? null,
  };
}

export function toBulkAddition(body: z.output<typeof BulkMemberAddBody>): BulkAddition {
  return {
    teamId: body.team_id,
    people: toPeople(body.members ?? []),
    allUsers: body.all_users === true,
    limits: toNewLimits(body),
    models: body.allowed_models ?? null,
  };
}

export function toMemberUpdate(body: z.output<typeof MemberUpdateBody>): MemberUpdate {
  return {
    teamId: body.team_id,
    ...toPerson(body),
    role: body.role ?? null,
    limits: toMemberLimits(body),
    models: body.allowed_models,
    raise: toRaise(body),
  };
}

function toRaise({ temp_budget_increase: increase, temp_budget_expiry: expiry }: z.output<typeof MemberUpdateBody>) {
  if (increase === undefined && expiry === undefined) return undefined;
  if (increase == null || expiry == null) return null;
  return { temp_budget_increase: increase, temp_budget_expiry: expiry };
}

export function fromAddedMembers(added: AddedMembers, clock: LimitClock): z.output<typeof MemberAddReply> {
  return {
    ...fromTeamView(added.view, clock),
    updated_users: added.users.map(fromUser),
    updated_team_memberships: added.memberships.map((view) => fromMemberView(view, clock)),
  };
}

export function fromBulkAdded(
  teamId: string,
  { results, added }: BulkAdded,
  clock: LimitClock,
): z.output<typeof BulkMemberAddReply> {
  const users = new Map((added?.users ?? []).map((user) => [user.id, fromUser(user)]));
  const memberships = new Map(
    (added?.memberships ?? []).map((view) => [view.member.userId, fromMemberView(view, clock)]),
  );
  const failed = results.filter(({ error }) => error !== null).length;
  return {
    team_id: teamId,
    results: results.map(({ person, userId, error }) => ({
      user_id: userId,
      user_email: person.email,
      success: error === null,
      error,
      updated_user: (error === null && users.get(userId ?? '')) || null,
      updated_team_membership: (error === null && memberships.get(userId ?? '')) || null,
    })),
    total_requested: results.length,
    successful_additions: results.length - failed,
    failed_additions: failed,
    updated_team: added === null ? null : fromTeamView(added.view, clock),
  };
}

/** As LiteLLM answers: what was asked for, and whom it concerns. */
export function fromUpdatedMember(
  { member, email }: UpdatedMember,
  asked: z.output<typeof MemberUpdateBody>,
): z.output<typeof MemberUpdateReply> {
  return {
    team_id: member.teamId,
    user_id: member.userId,
    user_email: email,
    role: member.role,
    max_budget_in_team: asked.max_budget_in_team ?? null,
    budget_duration: asked.budget_duration ?? null,
    tpm_limit: asked.tpm_limit ?? null,
    rpm_limit: asked.rpm_limit ?? null,
    allowed_models: asked.allowed_models ?? null,
    temp_budget_increase: asked.temp_budget_increase ?? null,
    temp_budget_expiry: asked.temp_budget_expiry ?? null,
  };
}
