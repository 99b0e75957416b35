import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { BudgetRecord } from '../../core/owner-records.ts';
import { findRaisedLimit } from '../../core/raised-limits.ts';
import { assertAdmin } from '../../core/rights.ts';
import { changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { assertLimitFields, type LimitFields, mergeLimits } from '../owners/limit-fields.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { type BudgetManagement, budgetNotFound } from './budget-management.ts';

/**
 * Absent keeps, null clears, a value sets. Holds from the next call on for everybody who is linked to the row. Another
 * duration begins another window for all of them. Nobody raises a row that limits its own key, user or memberships.
 * Throws not_admin, forbidden, not_found, bad_request (a field).
 */
export async function updateBudget(
  deps: BudgetManagement,
  caller: Caller,
  actor: Actor,
  id: string,
  limits: LimitFields,
): Promise<BudgetRecord> {
  assertAdmin(caller, '/budget/update');
  assertLimitFields(limits);
  const nowMs = deps.nowMs();
  const result = await deps.transact(async (unit) => {
    const before = await unit.budgets.find([id]);
    if (before === undefined) throw budgetNotFound(id);
    const after = {
      ...before,
      ...mergeLimits(before, limits),
      ...changeStamps(before, nameOfCaller(caller), nowMs),
    };
    assertNotOwnCap(caller, before, after);
    await unit.budgets.update(after);
    const act = { action: 'updated', table: 'LiteLLM_BudgetTable', objectId: id, before, after } as const;
    await unit.audit([buildOwnerAudit(deps, actor, nowMs, act)]);
    return after;
  });
  if (result.kind === 'conflict') throw budgetNotFound(id);
  return result.value;
}

/** Throws forbidden. */
function assertNotOwnCap({ key, path, memberships }: Caller, before: BudgetRecord, after: BudgetRecord): void {
  const links = [key, path.user, ...memberships.teams, ...memberships.organizations];
  if (!links.some((link) => link?.budgetId === before.id)) return;
  const param = findRaisedLimit(before, after);
  if (param === null) return;
  throw new GatewayError(
    'forbidden',
    `You may not raise ${param} of budget_id=${before.id}, which limits you as well.`,
    {
      param,
    },
  );
}
