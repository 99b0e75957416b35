import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import type { BudgetRecord, OrganizationRole } from '../../core/owner-records.ts';
import { isOneself } from '../../core/rights.ts';
import { acceptPersonName, type PersonName } from '../members/person-name.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { changeStamps, nameOfCaller, newStamps } from '../owners/blank-owner.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { assertMemberBudget } from './assert-member-budget.ts';
import { getOrganizationMember, notInOrganization } from './find-organization-member.ts';
import type { OrganizationManagement } from './organization-management.ts';
import { getManagedOrganization } from './organization-rights.ts';
import { type OrganizationMemberView, viewOrganizationMembers } from './view-organization.ts';

export interface OrganizationMemberUpdate extends PersonName {
  organizationId: string;
  /** Null: stays. */
  role: OrganizationRole | null;
  /** Absent keeps, null clears. Nano-dollars. */
  maxBudgetNanoUsd: number | null | undefined;
}

const ROUTE = '/organization/member_update';

/**
 * Changes somebody's part in an organisation. Nobody changes their own.
 * Throws forbidden, not_found, bad_request, conflict.
 */
export async function updateOrganizationMember(
  deps: OrganizationManagement,
  caller: Caller,
  actor: Actor,
  { organizationId, role, maxBudgetNanoUsd, ...name }: OrganizationMemberUpdate,
): Promise<OrganizationMemberView> {
  const asked = { organizationId, route: ROUTE };
  getManagedOrganization(caller, await deps.owners.organizations.find([organizationId]), asked);
  const person = acceptPersonName(name);
  assertMemberBudget(maxBudgetNanoUsd);
  const { userId } = await getOrganizationMember(deps.owners, organizationId, person);
  if (isOneself(caller, userId)) throw notOneself(role === null ? PARAM : 'role');
  const nowMs = deps.nowMs();
  const by = nameOfCaller(caller);

  const done = await deps.transact(async (unit) => {
    getManagedOrganization(caller, await unit.organizations.find([organizationId]), asked);
    const before = await unit.organizationMembers.find([organizationId, userId]);
    if (before === undefined) throw notInOrganization(organizationId, person);
    const trail = auditTrail(deps, actor, nowMs);
    const row = before.budgetId === null ? undefined : await unit.budgets.find([before.budgetId]);
    const budget = mergeBudget(row);
    if (budget !== null && row !== undefined) await unit.budgets.update(budget);
    if (budget !== null && row === undefined) await unit.budgets.insert(budget);
    const after = {
      ...before,
      role: role ?? before.role,
      budgetId: budget?.id ?? before.budgetId,
      ...changeStamps(before, by, nowMs),
    };
    await unit.organizationMembers.update(after);
    await unit.audit([
      trail.organizationMember('updated', before, after),
      ...(budget === null ? [] : [trail.budget(row ?? null, budget)]),
    ]);
    return after;
  });
  const [view] = await viewOrganizationMembers(deps, [getDone(done)]);
  return view as OrganizationMemberView;

  /** The member's row as it is to be; null: nothing is said of it, or there is nothing to clear. */
  function mergeBudget(row: BudgetRecord | undefined): BudgetRecord | null {
    if (maxBudgetNanoUsd === undefined) return null;
    if (row !== undefined) return { ...row, maxBudgetNanoUsd, ...changeStamps(row, by, nowMs) };
    if (maxBudgetNanoUsd === null) return null;
    return { ...NO_LIMITS, ...newStamps(by, nowMs), id: deps.newId('budget_'), maxBudgetNanoUsd };
  }
}

const PARAM = 'max_budget_in_organization';

function notOneself(param: string): GatewayError {
  return new GatewayError('forbidden', `You may not change your own ${param} in an organization.`, { param });
}
