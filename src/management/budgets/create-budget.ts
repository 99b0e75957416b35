import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import type { BudgetRecord } from '../../core/owner-records.ts';
import { assertAdmin } from '../../core/rights.ts';
import { assertNewId } from '../owners/assert-text.ts';
import { nameOfCaller, newStamps } from '../owners/blank-owner.ts';
import { assertLimitFields, type LimitFields, mergeLimits } from '../owners/limit-fields.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import type { BudgetManagement } from './budget-management.ts';

export interface NewBudget {
  /** Null: one is made up. */
  id: string | null;
  limits: LimitFields;
}

/** Limits under a name, for any number of owners to be linked to. Throws not_admin, bad_request (a field, a taken id). */
export async function createBudget(
  deps: BudgetManagement,
  caller: Caller,
  actor: Actor,
  input: NewBudget,
): Promise<BudgetRecord> {
  assertAdmin(caller, '/budget/new');
  const id = input.id ?? deps.newId('budget_');
  assertNewId(id, 'budget_id');
  assertLimitFields(input.limits);
  const nowMs = deps.nowMs();
  const record = { id, ...mergeLimits(NO_LIMITS, input.limits), ...newStamps(nameOfCaller(caller), nowMs) };
  const result = await deps.transact(async (unit) => {
    if (!(await unit.budgets.insert(record))) return false;
    const act = { action: 'created', table: 'LiteLLM_BudgetTable', objectId: id, before: null, after: record } as const;
    await unit.audit([buildOwnerAudit(deps, actor, nowMs, act)]);
    return true;
  });
  if (result.kind === 'done' && result.value) return record;
  throw new GatewayError('bad_request', `Budget with id '${id}' already exists.`, {
    param: 'budget_id',
  });
}
