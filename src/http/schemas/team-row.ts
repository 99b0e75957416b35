/**
 * A team as it is shown: LiteLLM's columns, and those of ours. Nothing in it is a secret: credentials of log destinations
 * are masked.
 */
import { z } from 'zod';
import { maskCallbackSecrets } from '../../core/callback-secrets.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Limits, NO_LIMITS } from '../../core/limits.ts';
import { toUsd } from '../../core/money.ts';
import { defaultMemberModels } from '../../management/teams/build-member.ts';
import type { MemberView, TeamView } from '../../management/teams/view-team.ts';
import { fromBudget } from './budget-table.ts';
import { toIsoTime } from './iso-time.ts';
import { fromLimits, type LimitClock } from './limit-fields.ts';
import { TEAM_EXTRA_FIELDS, TEAM_METADATA_FIELDS } from './team-fields.ts';

const Text = z.string().nullable();
const Count = z.number().nullable();
const Open = z.record(z.string(), z.unknown());

const MemberWithRole = z.object({ role: z.string(), user_id: z.string(), user_email: Text });

export const TeamRow = z.looseObject({
  team_id: z.string(),
  team_alias: Text,
  organization_id: Text,
  budget_id: Text,
  admins: z.array(z.string()).describe('As given when the team was made; members_with_roles has everybody.'),
  members: z.array(z.string()),
  members_with_roles: z.array(MemberWithRole),
  metadata: Open,
  models: z.array(z.string()),
  blocked: z.boolean(),
  spend: z.number().describe('US dollars spent in the current budget window; what enforcement uses.'),
  max_budget: Count,
  soft_budget: Count,
  budget_duration: Text,
  budget_reset_at: Text,
  budget_limits: z.unknown(),
  tpm_limit: Count,
  rpm_limit: Count,
  max_parallel_requests: Count,
  model_id: Text,
  litellm_model_table: Open.nullable(),
  model_aliases: z.record(z.string(), z.string()),
  team_member_permissions: z.array(z.string()).nullable(),
  team_member_budget: Count,
  team_member_budget_table: Open.nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});

export type TeamRowBody = z.output<typeof TeamRow>;

export const TeamMembershipRow = z.looseObject({
  user_id: z.string(),
  team_id: z.string(),
  role: z.string(),
  budget_id: Text,
  spend: z.number(),
  litellm_budget_table: Open.nullable(),
});

export function fromTeamView(view: TeamView, clock: LimitClock): TeamRowBody {
  const { team, limits, members, memberBudget } = view;
  const present = new Set(members.map(({ member }) => member.userId));
  const metadata = maskCallbackSecrets(team.metadata);
  return {
    ...nulls(TEAM_EXTRA_FIELDS),
    ...nulls(TEAM_METADATA_FIELDS),
    ...Object.fromEntries(Object.entries(team.extra).filter(([name]) => TEAM_EXTRA_FIELDS.some((n) => n === name))),
    ...Object.fromEntries(TEAM_METADATA_FIELDS.map((name) => [name, metadata[name] ?? null])),
    default_team_member_models: [...defaultMemberModels(team)],
    ...fromLimits(limits, clock),
    team_id: team.id,
    team_alias: team.alias,
    organization_id: team.organizationId,
    budget_id: team.budgetId,
    admins: givenMembers(team.extra, 'admins').filter((id) => present.has(id)),
    members: givenMembers(team.extra, 'members').filter((id) => present.has(id)),
    members_with_roles: members.map(({ member, email }) => ({
      role: member.role,
      user_id: member.userId,
      user_email: email,
    })),
    metadata,
    models: [...team.models],
    model_spend: {},
    blocked: team.blocked,
    spend: toUsd(view.spendNanoUsd),
    model_id: null,
    litellm_model_table: toModelTable(team.modelAliases, team.createdBy, team.updatedBy),
    model_aliases: { ...team.modelAliases },
    team_member_permissions: team.memberPermissions === null ? null : [...team.memberPermissions],
    team_member_budget: memberBudget?.maxBudgetNanoUsd == null ? null : toUsd(memberBudget.maxBudgetNanoUsd),
    team_member_budget_duration: memberBudget?.budgetDuration ?? null,
    team_member_rpm_limit: memberBudget?.rpmLimit ?? null,
    team_member_tpm_limit: memberBudget?.tpmLimit ?? null,
    team_member_budget_table: memberBudget === null ? null : fromBudget(memberBudget.id, memberBudget, clock),
    object_permission_id: null,
    created_at: toIsoTime(team.createdAtMs),
    created_by: team.createdBy,
    updated_at: toIsoTime(team.updatedAtMs),
    updated_by: team.updatedBy,
    ...(team.deletedAtMs === null ? {} : { deleted_at: toIsoTime(team.deletedAtMs), deleted_by: team.deletedBy }),
  };
}

export function fromMemberView(view: MemberView, clock: LimitClock): z.output<typeof TeamMembershipRow> {
  const { member, spendNanoUsd } = view;
  return {
    user_id: member.userId,
    team_id: member.teamId,
    role: member.role,
    budget_id: member.budgetId,
    spend: toUsd(spendNanoUsd),
    litellm_budget_table: fromMemberBudget(view, clock),
    created_at: toIsoTime(member.createdAtMs),
    updated_at: toIsoTime(member.updatedAtMs),
  };
}

const COMPARED = Object.keys(NO_LIMITS) as (keyof Limits)[];

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Null: nothing is said of what this member may use up and call. */
function fromMemberBudget({ member, limits }: MemberView, clock: LimitClock): Record<string, unknown> | null {
  const { budgetId, models, metadata } = member;
  const saysNothing = JSON.stringify([budgetId, models, metadata]) === '[null,[],{}]';
  if (saysNothing && COMPARED.every((name) => isSame(limits[name], NO_LIMITS[name]))) return null;
  return {
    ...fromBudget(member.budgetId, limits, clock),
    allowed_models: [...member.models],
    temp_budget_increase: member.metadata.temp_budget_increase ?? null,
    temp_budget_expiry: member.metadata.temp_budget_expiry ?? null,
  };
}

/** Lists of ids that stand in `extra` since the team was made. */
function givenMembers(extra: JsonObject, name: 'admins' | 'members'): string[] {
  const list = extra[name];
  return Array.isArray(list) ? list.filter((id) => typeof id === 'string') : [];
}

function toModelTable(aliases: Readonly<Record<string, string>>, createdBy: string, updatedBy: string) {
  if (Object.keys(aliases).length === 0) return null;
  return { model_aliases: { ...aliases }, created_by: createdBy, updated_by: updatedBy };
}

function nulls(names: readonly string[]): Record<string, null> {
  return Object.fromEntries(names.map((name) => [name, null]));
}
