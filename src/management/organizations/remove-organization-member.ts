import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { acceptPersonName, type PersonName } from '../members/person-name.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { removeKeys } from '../owners/remove-keys.ts';
import { getOrganizationMember, notInOrganization } from './find-organization-member.ts';
import type { OrganizationManagement } from './organization-management.ts';
import { getManagedOrganization } from './organization-rights.ts';
import { type OrganizationMemberView, viewOrganizationMembers } from './view-organization.ts';

const ROUTE = '/organization/member_delete';

/**
 * Takes somebody out of an organisation. The person's keys that belong to it and to none of its teams end in the same
 * transaction; memberships in its teams, and the keys there, are for /team/member_delete. Returns what was there before.
 * Throws forbidden, not_found, bad_request.
 */
export async function removeOrganizationMember(
  deps: OrganizationManagement,
  caller: Caller,
  actor: Actor,
  { organizationId, ...name }: PersonName & { organizationId: string },
): Promise<OrganizationMemberView> {
  const asked = { organizationId, route: ROUTE };
  getManagedOrganization(caller, await deps.owners.organizations.find([organizationId]), asked);
  const person = acceptPersonName(name);
  const found = await getOrganizationMember(deps.owners, organizationId, person);
  const [view] = await viewOrganizationMembers(deps, [found]);
  const done = await deps.transact(async (unit) => {
    const { nowMs } = unit;
    const by = nameOfCaller(caller);
    const end = { deletedAtMs: nowMs, deletedBy: by, updatedAtMs: nowMs, updatedBy: by };
    getManagedOrganization(caller, await unit.organizations.find([organizationId]), asked);
    const member = await unit.organizationMembers.find([organizationId, found.userId]);
    if (member === undefined) throw notInOrganization(organizationId, person);
    const keys = await unit.keys.ofOwners({ userIds: [found.userId] });
    const own = keys.filter((key) => key.organizationId === organizationId && key.teamId === null);
    await removeKeys(unit, deps, actor, by, own);
    await unit.organizationMembers.update({ ...member, ...end });
    const budget = member.budgetId === null ? undefined : await unit.budgets.find([member.budgetId]);
    if (budget !== undefined) await unit.budgets.update({ ...budget, ...end });
    const trail = auditTrail(deps, actor, nowMs);
    await unit.audit([
      trail.organizationMember('deleted', member, null),
      ...(budget === undefined ? [] : [trail.budget(budget, null)]),
    ]);
  });
  getDone(done);
  return view as OrganizationMemberView;
}
