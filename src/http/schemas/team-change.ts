/** POST /team/new, /team/update, /team/delete and the smaller changes of a team: bodies → what the verbs take. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import { MEMBER_PERMISSIONS } from '../../core/team-permissions.ts';
import type { NewTeam } from '../../management/teams/create-team.ts';
import type { MemberSpendReset } from '../../management/teams/reset-member-spend.ts';
import type { SpendReset } from '../../management/teams/reset-team-spend.ts';
import type { NewCallback } from '../../management/teams/team-callbacks.ts';
import type { TeamFields } from '../../management/teams/team-fields.ts';
import { refineBudgetRaise } from './budget-raise.ts';
import { LaxBoolean, LaxNumber, OpenObject, Texts, toCeilingNanoUsd } from './key-shapes.ts';
import { fromLimits, type LimitClock } from './limit-fields.ts';
import { PersonWithRole, toPeople } from './member-shapes.ts';
import { TEAM_FIELDS_SHAPE, toTeamFields } from './team-fields.ts';
import { TeamRow } from './team-row.ts';

/** Open: what LiteLLM's clients send beyond this is ignored, and named in a header of the reply. */
export const TeamNewBody = z.looseObject({
  ...TEAM_FIELDS_SHAPE,
  team_id: z.string().nullish().describe('Chosen by you; else one is made.'),
  members_with_roles: z
    .array(PersonWithRole)
    .nullish()
    .describe('{role, user_id or user_email}; who is no user yet becomes one.'),
  admins: Texts.nullish().describe('Ids of further members with the role admin.'),
  members: Texts.nullish().describe('Ids of further members with the role user.'),
});

export const TEAM_NEW_NAMES = Object.keys(TeamNewBody.shape);

export function toNewTeam(body: z.output<typeof TeamNewBody>): NewTeam {
  const people = toPeople(body.members_with_roles ?? []);
  const named = new Set(people.map(({ userId }) => userId));
  const listed = [
    ...(body.admins ?? []).map((userId) => ({ userId, email: null, role: 'admin' as const })),
    ...(body.members ?? []).map((userId) => ({ userId, email: null, role: 'user' as const })),
  ].filter(({ userId }) => !named.has(userId) && named.add(userId));
  const fields = toTeamFields(body);
  const lists = { admins: body.admins ?? [], members: body.members ?? [] };
  return {
    id: body.team_id ?? null,
    fields: { ...fields, extra: { ...fields.extra, ...lists } },
    members: [...people, ...listed],
  };
}

export const TeamUpdateBody = z
  .looseObject({ ...TEAM_FIELDS_SHAPE, team_id: z.string().min(1) })
  .superRefine(refineBudgetRaise);
/** The team is in the path: naming it in the body as well is no mistake, naming another one is. */
export const TeamPatchBody = z
  .looseObject({
    ...TEAM_FIELDS_SHAPE,
    team_id: z.string().nullish().describe('If given, the team of the path.'),
    metadata: OpenObject.nullish().describe(
      'Laid over the stored metadata, member by member and at every depth (RFC 7386): null takes a member out. null as a whole: none.',
    ),
  })
  .superRefine(refineBudgetRaise);
/** As `/team/update`, but for the metadata, which is laid over what is stored. */
export function toTeamPatch(body: z.output<typeof TeamPatchBody>): TeamFields {
  const { metadata, ...fields } = toTeamFields(body);
  return metadata == null ? toTeamFields(body) : { ...fields, metadataPatch: metadata };
}

export const TEAM_UPDATE_NAMES = [...Object.keys(TEAM_FIELDS_SHAPE), 'team_id'];
export const TeamUpdateReply = z.object({ team_id: z.string(), data: TeamRow });

export const TeamDeleteBody = z.looseObject({ team_ids: Texts });
export const TeamDeleteReply = z.object({ deleted_teams: Texts.describe('As passed, each once.') });

export const TeamNameBody = z.looseObject({ team_id: z.string().min(1) });
export const TeamModelsBody = z.looseObject({ team_id: z.string().min(1), models: Texts.min(1) });
export const TeamNameParams = z.object({ team_id: z.string().min(1) });

export const TeamPermissionsQuery = z.looseObject({ team_id: z.string().min(1) });
export const TeamPermissionsReply = z.object({
  team_id: z.string(),
  team_member_permissions: Texts,
  all_available_permissions: Texts,
});
export const TeamPermissionsBody = z.looseObject({
  team_id: z.string().min(1),
  team_member_permissions: z.array(z.enum(MEMBER_PERMISSIONS)),
});

export const TeamPermissionsBulkBody = z.looseObject({
  permissions: z.array(z.enum(MEMBER_PERMISSIONS)),
  team_ids: Texts.nullish().describe('These teams; instead of apply_to_all_teams.'),
  apply_to_all_teams: LaxBoolean.nullish(),
});
export const TeamPermissionsBulkReply = z.object({
  message: z.string(),
  permissions_appended: Texts,
  teams_updated: z.number().describe('Those that did not open all of them already.'),
});

export const TeamResetSpendBody = z.looseObject({
  reset_to: LaxNumber.describe('US dollars: 0 to the present spend.'),
});
export const TeamResetSpendReply = z.object({
  team_id: z.string(),
  spend: z.number(),
  previous_spend: z.number(),
  max_budget: z.number().nullable(),
  budget_reset_at: z.string().nullable(),
});

export function fromSpendReset(
  { view, previousNanoUsd }: SpendReset,
  clock: LimitClock,
): z.output<typeof TeamResetSpendReply> {
  const { max_budget, budget_reset_at } = fromLimits(view.limits, clock);
  return {
    team_id: view.team.id,
    spend: toUsd(view.spendNanoUsd),
    previous_spend: toUsd(previousNanoUsd),
    max_budget,
    budget_reset_at,
  };
}

export const TeamMemberParams = z.object({ team_id: z.string().min(1), user_id: z.string().min(1) });
export const MemberResetSpendReply = TeamResetSpendReply.extend({ user_id: z.string() });

export function fromMemberSpendReset(
  { view: { member, limits, spendNanoUsd }, previousNanoUsd }: MemberSpendReset,
  clock: LimitClock,
): z.output<typeof MemberResetSpendReply> {
  const { max_budget, budget_reset_at } = fromLimits(limits, clock);
  return {
    team_id: member.teamId,
    user_id: member.userId,
    spend: toUsd(spendNanoUsd),
    previous_spend: toUsd(previousNanoUsd),
    max_budget,
    budget_reset_at,
  };
}

/** NaN stays NaN, which the verb refuses. */
export function toResetNanoUsd(body: z.output<typeof TeamResetSpendBody>): number {
  return toCeilingNanoUsd(body.reset_to);
}

/** Variables as LiteLLM takes them: texts. */
const CallbackVars = z.record(
  z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  z.union([z.string(), LaxBoolean.transform(String)]),
);

export const TeamCallbackBody = z.looseObject({
  callback_name: z.string().min(1).describe('langfuse, gcs_bucket, langsmith, …'),
  callback_type: z.enum(['success', 'failure', 'success_and_failure']).nullish(),
  callback_vars: CallbackVars.nullish().describe('Where to, and with which credentials. Never shown again.'),
});

export function toNewCallback(body: z.output<typeof TeamCallbackBody>): NewCallback {
  return {
    name: body.callback_name,
    type: body.callback_type ?? 'success_and_failure',
    vars: body.callback_vars ?? {},
  };
}

export const TeamCallbackParams = z.object({ team_id: z.string().min(1), callback_name: z.string().min(1) });
export const TeamCallbackReply = z.object({ status: z.literal('success'), data: TeamRow });
export const TeamCallbacksReply = z.object({
  status: z.literal('success'),
  data: z.object({
    team_id: z.string(),
    success_callbacks: Texts,
    failure_callbacks: Texts,
    callback_vars: z.record(z.string(), z.unknown()).describe('Credentials are masked.'),
  }),
});
export const TeamLoggingReply = z.object({
  status: z.literal('success'),
  message: z.string(),
  data: z.object({ team_id: z.string(), success_callbacks: Texts, failure_callbacks: Texts }),
});
