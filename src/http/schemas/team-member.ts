/** POST /team/member_add, /team/bulk_member_add, /team/member_update and /team/member_delete. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import type { AddedMembers, MemberAddition } from '../../management/teams/add-members.ts';
import type { BulkAdded, BulkAddition } from '../../management/teams/bulk-add-members.ts';
import type { MemberDefaults } from '../../management/teams/team-fields.ts';
import type { MemberUpdate, UpdatedMember } from '../../management/teams/update-member.ts';
import { DURATION_HELP, LaxBoolean, LaxDollars, LaxInteger } from './key-shapes.ts';
import { type LimitClock, toLimitFields } from './limit-fields.ts';
import { PERSON_SHAPE, PersonWithRole, toPeople, toPerson } from './member-shapes.ts';
import { fromMemberView, fromTeamView, TeamMembershipRow, TeamRow } from './team-row.ts';
import { fromUser, UserSummary } from './user-summary.ts';

const LIMITS = {
  max_budget_in_team: LaxDollars.nullish().describe('US dollars of each; null: as the team says of its members.'),
  budget_duration: z.string().nullish().describe(DURATION_HELP),
  tpm_limit: LaxInteger.nullish().describe('Tokens per minute of each.'),
  rpm_limit: LaxInteger.nullish().describe('Requests per minute of each.'),
};

export const MemberAddBody = z.looseObject({
  team_id: z.string().min(1),
  member: z.union([PersonWithRole, z.array(PersonWithRole)]).describe('One person or several.'),
  ...LIMITS,
});
export const MemberAddReply = TeamRow.extend({
  updated_users: z.array(UserSummary),
  updated_team_memberships: z.array(TeamMembershipRow),
});

export const BulkMemberAddBody = z.looseObject({
  team_id: z.string().min(1),
  members: z.array(PersonWithRole).nullish(),
  all_users: LaxBoolean.nullish().describe('Everybody who is a user.'),
  ...LIMITS,
});
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

export const MemberUpdateBody = z.looseObject({
  team_id: z.string().min(1),
  ...PERSON_SHAPE,
  role: z.enum(['admin', 'user']).nullish(),
  ...LIMITS,
});
export const MemberUpdateReply = z.looseObject({
  team_id: z.string(),
  user_id: z.string(),
  user_email: z.string().nullable(),
  max_budget_in_team: z.number().nullable(),
});

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
  };
}

export function toBulkAddition(body: z.output<typeof BulkMemberAddBody>): BulkAddition {
  return {
    teamId: body.team_id,
    people: toPeople(body.members ?? []),
    allUsers: body.all_users === true,
    limits: toNewLimits(body),
  };
}

export function toMemberUpdate(body: z.output<typeof MemberUpdateBody>): MemberUpdate {
  return { teamId: body.team_id, ...toPerson(body), role: body.role ?? null, limits: toMemberLimits(body) };
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

export function fromUpdatedMember({ member, email, limits }: UpdatedMember): z.output<typeof MemberUpdateReply> {
  return {
    team_id: member.teamId,
    user_id: member.userId,
    user_email: email,
    role: member.role,
    max_budget_in_team: limits.maxBudgetNanoUsd === null ? null : toUsd(limits.maxBudgetNanoUsd),
    budget_duration: limits.budgetDuration,
    tpm_limit: limits.tpmLimit,
    rpm_limit: limits.rpmLimit,
  };
}
