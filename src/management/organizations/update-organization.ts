import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { fillLimits } from '../../core/limits.ts';
import type { BudgetRecord, OrganizationRecord } from '../../core/owner-records.ts';
import { isAdmin } from '../../core/rights.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { assertBudgetExists } from '../owners/assert-budget-exists.ts';
import { assertNoNewReferences } from '../owners/assert-no-new-references.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { findRaise, type OwnerState } from '../owners/find-raise.ts';
import { planOwnerSpendMoves } from '../owners/move-owner-spend.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { placeChangedLimits } from './organization-budget.ts';
import { assertOrganizationFields, mergeOrganizationFields, type OrganizationFields } from './organization-fields.ts';
import type { OrganizationManagement } from './organization-management.ts';
import { getManagedOrganization } from './organization-rights.ts';
import { type OrganizationView, viewOrganization } from './view-organization.ts';

const ROUTE = '/organization/update';

/** An organisation as it is to be, with the row that its limits stand in. */
interface Planned extends OwnerState<OrganizationRecord> {
  /** The budget row that changes, before and after; null: none does. */
  row: { before: BudgetRecord; after: BudgetRecord } | null;
}

/**
 * Changes the fields that the request mentions and no others: absent keeps, null clears, a value sets. What was spent goes
 * along into a window of another length. Who administers just the organisation may not widen what it may use up.
 * Throws forbidden, not_found, bad_request, conflict.
 */
export async function updateOrganization(
  deps: OrganizationManagement,
  caller: Caller,
  actor: Actor,
  organizationId: string,
  fields: OrganizationFields,
): Promise<OrganizationView> {
  const asked = { organizationId, route: ROUTE };
  const found = getManagedOrganization(caller, await deps.owners.organizations.find([organizationId]), asked);
  assertOrganizationFields(fields);
  const nowMs = deps.nowMs();
  const budgets = await findLinkedBudgets(deps, [found.budgetId, fields.budgetId ?? null]);
  const before = { record: found, limits: fillLimits(found, budgets.get(found.budgetId ?? '') ?? null) };
  const planned = plan(found, budgets);
  const ref = { kind: 'organization', id: organizationId } as const;
  const [move] = await planOwnerSpendMoves(deps, [{ ref, before: before.limits, after: planned.limits }], nowMs);

  const done = await deps.transact(async (unit) => {
    const now = getManagedOrganization(caller, await unit.organizations.find([organizationId]), asked);
    const rows = await findRows(unit, [now.budgetId, fields.budgetId ?? null]);
    const was = { record: now, limits: fillLimits(now, rows.get(now.budgetId ?? '') ?? null) };
    const next = plan(now, rows);
    // What was computed beforehand must still fit; all else is laid over the rows as they are now.
    if (move !== undefined && move.adjustments.length > 0 && !isSame(was, before)) throw changedMeanwhile();
    assertNoNewReferences(caller, now.metadata, next.record.metadata);
    if (!isAdmin(caller)) assertNoRaise(deps, was, next);
    if (next.record.budgetId !== now.budgetId) await assertBudgetExists(unit, next.record.budgetId);
    await unit.organizations.update(next.record);
    if (next.row !== null) await unit.budgets.update(next.row.after);
    await unit.adjust(move?.adjustments ?? []);
    const trail = auditTrail(deps, actor, nowMs);
    await unit.audit([
      trail.organization('updated', now, next.record),
      ...(next.row === null ? [] : [trail.budget(next.row.before, next.row.after)]),
    ]);
    return next.record;
  });
  return viewOrganization(deps, caller, getDone(done));

  function plan(current: OrganizationRecord, rows: ReadonlyMap<string, BudgetRecord>): Planned {
    const by = nameOfCaller(caller);
    const merged = { ...mergeOrganizationFields(current, fields), ...changeStamps(current, by, nowMs) };
    const budgetId = fields.budgetId === undefined ? current.budgetId : fields.budgetId;
    const linked = rows.get(budgetId ?? '') ?? null;
    const { record, row } = placeChangedLimits(merged, fields, linked, { by, nowMs });
    const change = row === null || linked === null ? null : { before: linked, after: row };
    return { record, limits: fillLimits(record, row ?? linked), row: change };
  }
}

async function findRows(
  unit: Pick<WriteUnit, 'budgets'>,
  ids: readonly (string | null)[],
): Promise<ReadonlyMap<string, BudgetRecord>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  return new Map((await unit.budgets.findWhere({ id: wanted })).map((budget) => [budget.id, budget]));
}

function assertNoRaise(
  { accessGroupsOf }: Pick<OrganizationManagement, 'accessGroupsOf'>,
  before: OwnerState,
  after: OwnerState,
): void {
  const param = findRaise('organization', before, after, accessGroupsOf);
  if (param === null) return;
  throw new GatewayError(
    'forbidden',
    `An admin of the organization may not change ${param} so that the organization may do more than it may now. ` +
      'Ask a proxy admin.',
    { param },
  );
}

function isSame(one: OwnerState, other: OwnerState): boolean {
  return (
    JSON.stringify([one.record.updatedAtMs, one.limits]) === JSON.stringify([other.record.updatedAtMs, other.limits])
  );
}

function changedMeanwhile(): GatewayError {
  return new GatewayError(
    'conflict',
    'Somebody else changed this organization at the same moment. Send the request again.',
  );
}
