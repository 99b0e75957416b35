import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertAdmin } from '../../core/rights.ts';
import { assertTexts } from '../owners/assert-text.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { removeKeys } from '../owners/remove-keys.ts';
import { removeTeams } from '../teams/remove-teams.ts';
import { madeBudgetId } from './organization-budget.ts';
import { type OrganizationManagement, organizationNotFound } from './organization-management.ts';
import { type OrganizationView, viewOrganizations } from './view-organization.ts';

const MAX_ORGANIZATIONS = 100;

/**
 * Deletes organisations with their teams, keys and memberships, all or none. Their keys are dead when this returns, and
 * calls in flight with them end; people stay, and so do all rows, for history. Returns what was there before.
 * Throws not_admin, forbidden, not_found, bad_request.
 */
export async function deleteOrganizations(
  deps: OrganizationManagement,
  caller: Caller,
  actor: Actor,
  ids: readonly string[],
): Promise<OrganizationView[]> {
  assertAdmin(caller, '/organization/delete');
  const wanted = [...new Set(ids)];
  if (wanted.length === 0 || wanted.length > MAX_ORGANIZATIONS) {
    throw new GatewayError('bad_request', `organization_ids must name 1 to ${MAX_ORGANIZATIONS} organizations.`, {
      param: 'organization_ids',
    });
  }
  assertTexts(wanted, 'organization_ids');
  const { views } = await viewOrganizations(deps, caller, await deps.owners.organizations.findMany(wanted));
  const done = await deps.transact(async (unit) => {
    const { nowMs } = unit;
    const by = nameOfCaller(caller);
    const end = { deletedAtMs: nowMs, deletedBy: by, updatedAtMs: nowMs, updatedBy: by };
    const organizations = await unit.organizations.findWhere({ id: wanted });
    const known = new Set(organizations.map(({ id }) => id));
    const missing = wanted.find((id) => !known.has(id));
    if (missing !== undefined) throw organizationNotFound(missing);
    await removeTeams(unit, deps, caller, actor, await unit.teams.findWhere({ organizationId: wanted }));
    await removeKeys(unit, deps, actor, by, await unit.keys.ofOwners({ organizationIds: wanted }));
    const members = await unit.organizationMembers.findWhere({ organizationId: wanted });
    for (const member of members) await unit.organizationMembers.update({ ...member, ...end });
    const budgetIds = [...organizations.map(madeBudgetId), ...members.map(({ budgetId }) => budgetId)];
    const made = budgetIds.filter((id) => id !== null);
    const budgets = made.length === 0 ? [] : await unit.budgets.findWhere({ id: made });
    for (const budget of budgets) await unit.budgets.update({ ...budget, ...end });
    for (const organization of organizations) await unit.organizations.update({ ...organization, ...end });
    const trail = auditTrail(deps, actor, nowMs);
    await unit.audit([
      ...members.map((member) => trail.organizationMember('deleted', member, null)),
      ...budgets.map((budget) => trail.budget(budget, null)),
      ...organizations.map((organization) => trail.organization('deleted', organization, null)),
    ]);
  });
  getDone(done);
  return views;
}
