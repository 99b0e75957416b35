import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import { organizationMemberRef } from '../../core/owner.ts';
import type { BudgetRecord, OrganizationMemberRecord, OrganizationRole } from '../../core/owner-records.ts';
import { assertMayBring } from '../members/assert-may-bring.ts';
import { acceptPersonName, type PersonName } from '../members/person-name.ts';
import { planMemberStart, startOf } from '../members/plan-member-start.ts';
import { resolvePeople } from '../members/resolve-people.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { nameOfCaller, newStamps } from '../owners/blank-owner.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { assertMemberBudget } from './assert-member-budget.ts';
import { label, type OrganizationManagement } from './organization-management.ts';
import { getManagedOrganization } from './organization-rights.ts';
import { type OrganizationMemberView, viewOrganizationMembers } from './view-organization.ts';

export interface NewOrganizationMember extends PersonName {
  role: OrganizationRole;
}

export interface OrganizationMemberAddition {
  organizationId: string;
  people: readonly NewOrganizationMember[];
  /** For each of them; null: nothing is set aside. Nano-dollars. */
  maxBudgetNanoUsd: number | null;
}

const ROUTE = '/organization/member_add';
/** One transaction for all of them. */
const MAX_MEMBERS = 1_000;

/**
 * Puts people into an organisation, all or nobody; who is no user yet becomes one. Throws forbidden, not_found, bad_request
 * (nobody named, too many, in it already), conflict.
 */
export async function addOrganizationMembers(
  deps: OrganizationManagement,
  caller: Caller,
  actor: Actor,
  { organizationId, people, maxBudgetNanoUsd }: OrganizationMemberAddition,
): Promise<OrganizationMemberView[]> {
  const asked = { organizationId, route: ROUTE };
  getManagedOrganization(caller, await deps.owners.organizations.find([organizationId]), asked);
  if (people.length === 0 || people.length > MAX_MEMBERS) {
    throw new GatewayError('bad_request', `member must name 1 to ${MAX_MEMBERS} people.`, { param: 'member' });
  }
  const named = people.map((person) => ({ role: person.role, ...acceptPersonName(person) }));
  assertMemberBudget(maxBudgetNanoUsd);
  const nowMs = deps.nowMs();
  const by = nameOfCaller(caller);
  const stamps = newStamps(by, nowMs);
  const refOf = (userId: string) => organizationMemberRef(organizationId, userId);
  const start = await planMemberStart(deps, refOf, named, NO_LIMITS, nowMs);

  const done = await deps.transact(async (unit) => {
    getManagedOrganization(caller, await unit.organizations.find([organizationId]), asked);
    const { userIds, users, created } = await resolvePeople(unit, named, deps, by);
    const known = [...users.values()].filter((user) => !created.includes(user));
    await assertMayBring(unit, caller, known, organizationId);
    const budgets: BudgetRecord[] = [];
    const members: OrganizationMemberRecord[] = [];
    for (const [index, { role }] of named.entries()) {
      const userId = userIds[index] as string;
      const budget =
        maxBudgetNanoUsd === null ? null : { ...NO_LIMITS, ...stamps, id: deps.newId('budget_'), maxBudgetNanoUsd };
      const member = { ...stamps, organizationId, userId, role, budgetId: budget?.id ?? null };
      if (members.some((other) => other.userId === userId)) throw memberExists(userId);
      if (!(await unit.organizationMembers.insert(member))) throw memberExists(userId);
      members.push(member);
      if (budget === null) continue;
      await unit.budgets.insert(budget);
      budgets.push(budget);
    }
    await unit.adjust(startOf(start, members));
    const trail = auditTrail(deps, actor, nowMs);
    await unit.audit([
      ...created.map(trail.newUser),
      ...members.map((member) => trail.organizationMember('created', null, member)),
      ...budgets.map((budget) => trail.budget(null, budget)),
    ]);
    return members;
  });
  return viewOrganizationMembers(deps, getDone(done));
}

function memberExists(userId: string): GatewayError {
  return new GatewayError('bad_request', `User already in organization. Member: user_id=${label(userId)}`, {
    param: 'member',
  });
}
