import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { assertAdmin } from '../../core/rights.ts';
import { assertBudgetExists } from '../owners/assert-budget-exists.ts';
import { changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { planOwnerSpendMoves } from '../owners/move-owner-spend.ts';
import { buildOwnerAudit, withSpend } from '../owners/owner-audit.ts';
import { assertEndUserFields, type EndUserFields, mergeEndUserFields } from './end-user-fields.ts';
import { type EndUserManagement, type EndUserView, endUserNotFound, viewEndUser } from './end-user-management.ts';

/** Absent keeps, null clears, a value sets. Throws not_admin, not_found, bad_request (a field), unknown_default_model. */
export async function updateEndUser(
  deps: EndUserManagement,
  caller: Caller,
  actor: Actor,
  id: string,
  fields: EndUserFields,
): Promise<EndUserView> {
  assertAdmin(caller, '/customer/update');
  assertEndUserFields(fields, deps);
  const nowMs = deps.nowMs();
  const found = await deps.owners.endUsers.find([id]);
  if (found === undefined) throw endUserNotFound([id]);
  const planned = mergeEndUserFields(found, fields);
  const budgets = await findLinkedBudgets(deps, [found.budgetId, planned.budgetId]);
  const change = {
    ref: { kind: 'end_user', id } as const,
    before: fillFrom(budgets, found),
    after: fillFrom(budgets, planned),
  };
  const { spendNanoUsd } = fields;
  const [move] = await planOwnerSpendMoves(
    deps,
    [spendNanoUsd === undefined ? change : { ...change, setNanoUsd: spendNanoUsd }],
    nowMs,
  );
  const result = await deps.transact(async (unit) => {
    const before = await unit.endUsers.find([id]);
    if (before === undefined) throw endUserNotFound([id]);
    const after = {
      ...mergeEndUserFields(before, fields),
      ...changeStamps(before, nameOfCaller(caller), nowMs),
    };
    if (after.budgetId !== before.budgetId) await assertBudgetExists(unit, after.budgetId);
    await unit.endUsers.update(after);
    await unit.adjust(move?.adjustments ?? []);
    const action =
      after.blocked === before.blocked ? ('updated' as const) : after.blocked ? ('blocked' as const) : 'unblocked';
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action,
        table: 'LiteLLM_EndUserTable',
        objectId: id,
        before: withSpend(before, move?.spend?.beforeNanoUsd),
        after: withSpend(after, move?.spend?.afterNanoUsd),
      }),
    ]);
    return after;
  });
  if (result.kind === 'conflict') throw endUserNotFound([id]);
  return viewEndUser(deps, result.value);
}
