import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isAdmin } from '../../core/rights.ts';
import { assertBudgetExists } from '../owners/assert-budget-exists.ts';
import { assertNewId } from '../owners/assert-text.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { buildBlankOwner, nameOfCaller } from '../owners/blank-owner.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { placeNewLimits } from './organization-budget.ts';
import { assertOrganizationFields, mergeOrganizationFields, type OrganizationFields } from './organization-fields.ts';
import type { OrganizationManagement } from './organization-management.ts';
import { type OrganizationView, viewOrganization } from './view-organization.ts';

export interface NewOrganization {
  /** Chosen by the client; null: one is made. */
  id: string | null;
  fields: OrganizationFields;
}

/**
 * Makes an organisation, and a budget row for its limits where it is linked to none: with its audit rows one transaction.
 * Throws not_admin, bad_request (a field, a taken id, a budget row that does not exist).
 */
export async function createOrganization(
  deps: OrganizationManagement,
  caller: Caller,
  actor: Actor,
  input: NewOrganization,
): Promise<OrganizationView> {
  if (!isAdmin(caller)) throw onlyAdmins(caller);
  assertOrganizationFields(input.fields);
  if (input.id !== null) assertNewId(input.id, 'organization_id');
  const nowMs = deps.nowMs();
  const by = nameOfCaller(caller);
  const { budgetId = null, limits } = input.fields;
  const { record, made } = placeNewLimits(
    mergeOrganizationFields(buildBlankOwner(input.id ?? deps.newId('org_'), by, nowMs), input.fields),
    { budgetId, limits },
    { id: deps.newId('budget_'), by, nowMs },
  );
  const start = await planStart(deps, input.id, made ?? record, nowMs);

  const done = await deps.transact(async (unit) => {
    await assertBudgetExists(unit, budgetId);
    if (!(await unit.organizations.insert(record))) throw organizationExists(record.id);
    if (made !== null) await unit.budgets.insert(made);
    await unit.adjust(start);
    const trail = auditTrail(deps, actor, nowMs);
    await unit.audit([
      trail.organization('created', null, record),
      ...(made === null ? [] : [trail.budget(null, made)]),
    ]);
  });
  getDone(done);
  return viewOrganization(deps, caller, record);
}

/** Only an id that a client chose can have been used before. */
async function planStart(
  deps: OrganizationManagement,
  chosenId: string | null,
  limits: Parameters<typeof planFreshStart>[1][number]['limits'],
  nowMs: number,
) {
  if (chosenId === null) return [];
  const earlier = await deps.owners.organizations.find([chosenId], { includeDeleted: true });
  const ref = { kind: 'organization' as const, id: chosenId };
  const owners = [limits, ...(earlier === undefined ? [] : [earlier])].map((held) => ({ ref, limits: held }));
  return planFreshStart(deps, owners, nowMs);
}

function onlyAdmins({ role }: Caller): GatewayError {
  return new GatewayError('not_admin', `Only admins can create orgs. Your role is = ${role}`);
}

function organizationExists(id: string): GatewayError {
  return new GatewayError(
    'bad_request',
    `Organization id = ${id} already exists. Please use a different organization id.`,
    { param: 'organization_id' },
  );
}
