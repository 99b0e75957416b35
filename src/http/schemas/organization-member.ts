/** POST /organization/member_add, PATCH member_update, DELETE member_delete, and the row of a member. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import type { OrganizationMemberAddition } from '../../management/organizations/add-organization-members.ts';
import type { OrganizationMemberUpdate } from '../../management/organizations/update-organization-member.ts';
import type { OrganizationMemberView } from '../../management/organizations/view-organization.ts';
import { fromBudget } from './budget-table.ts';
import { toIsoTime } from './iso-time.ts';
import { LaxDollars, toCeilingNanoUsd } from './key-shapes.ts';
import type { LimitClock } from './limit-fields.ts';
import { PERSON_SHAPE, toPerson } from './member-shapes.ts';
import { fromUser, UserSummary } from './user-summary.ts';

const Role = z.enum(['org_admin', 'internal_user', 'internal_user_viewer']);
const Person = z.looseObject({ ...PERSON_SHAPE, role: Role.describe('In the organization.') });
const BUDGET_SHAPE = {
  max_budget_in_organization: LaxDollars.nullish().describe(
    'US dollars that each may use up in calls that the organization is billed for.',
  ),
};

export const OrganizationMemberAddBody = z.looseObject({
  organization_id: z.string().min(1),
  member: z.union([Person, z.array(Person)]).describe('One person or several; who is no user yet becomes one.'),
  ...BUDGET_SHAPE,
});
export const OrganizationMemberUpdateBody = z.looseObject({
  organization_id: z.string().min(1),
  ...PERSON_SHAPE,
  role: Role.nullish(),
  ...BUDGET_SHAPE,
});
export const OrganizationMemberDeleteBody = z.looseObject({ organization_id: z.string().min(1), ...PERSON_SHAPE });

export const OrganizationMemberRow = z.looseObject({
  organization_id: z.string(),
  user_id: z.string(),
  user_email: z.string().nullable(),
  user_role: z.string(),
  spend: z.number().describe('What the member has used up of its budget here. US dollars.'),
  budget_id: z.string().nullable(),
  litellm_budget_table: z.record(z.string(), z.unknown()).nullable(),
  user: UserSummary.nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export const OrganizationMemberAddReply = z.object({
  organization_id: z.string(),
  updated_users: z.array(UserSummary),
  updated_organization_memberships: z.array(OrganizationMemberRow),
});

export function toOrganizationMemberAddition(
  body: z.output<typeof OrganizationMemberAddBody>,
): OrganizationMemberAddition {
  const { member } = body;
  return {
    organizationId: body.organization_id,
    people: (Array.isArray(member) ? member : [member]).map((person) => ({ ...toPerson(person), role: person.role })),
    maxBudgetNanoUsd: toNanoUsdOrNull(body.max_budget_in_organization) ?? null,
  };
}

export function toOrganizationMemberUpdate(
  body: z.output<typeof OrganizationMemberUpdateBody>,
): OrganizationMemberUpdate {
  return {
    organizationId: body.organization_id,
    ...toPerson(body),
    role: body.role ?? null,
    maxBudgetNanoUsd: toNanoUsdOrNull(body.max_budget_in_organization),
  };
}

function toNanoUsdOrNull(usd: number | null | undefined): number | null | undefined {
  return usd == null ? usd : toCeilingNanoUsd(usd);
}

export function fromOrganizationMember(
  { member, user, budget, spendNanoUsd }: OrganizationMemberView,
  clock: LimitClock,
): z.output<typeof OrganizationMemberRow> {
  return {
    organization_id: member.organizationId,
    user_id: member.userId,
    user_email: user?.email ?? null,
    user_role: member.role,
    spend: toUsd(spendNanoUsd),
    budget_id: member.budgetId,
    litellm_budget_table: budget === null ? null : fromBudget(budget.id, budget, clock),
    user: user === null ? null : fromUser(user),
    created_at: toIsoTime(member.createdAtMs),
    updated_at: toIsoTime(member.updatedAtMs),
  };
}

export function fromAddedOrganizationMembers(
  organizationId: string,
  added: readonly OrganizationMemberView[],
  clock: LimitClock,
): z.output<typeof OrganizationMemberAddReply> {
  return {
    organization_id: organizationId,
    updated_users: added.flatMap(({ user }) => (user === null ? [] : [fromUser(user)])),
    updated_organization_memberships: added.map((view) => fromOrganizationMember(view, clock)),
  };
}
