import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import type { TagRecord } from '../../core/owner-records.ts';
import { assertAdmin } from '../../core/rights.ts';
import { assertBudgetExists } from '../owners/assert-budget-exists.ts';
import { changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { planOwnerSpendMoves } from '../owners/move-owner-spend.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import {
  assertTagFields,
  mergeTagFields,
  type TagFields,
  type TagManagement,
  type TagView,
  tagNotFound,
  viewTags,
} from './tag-management.ts';

/** Absent keeps, null clears, a value sets. Throws not_admin, not_found, bad_request (a field). */
export async function updateTag(
  deps: TagManagement,
  caller: Caller,
  actor: Actor,
  name: string,
  fields: TagFields,
): Promise<TagView> {
  assertAdmin(caller, '/tag/update');
  assertTagFields(fields);
  const nowMs = deps.nowMs();
  const found = await deps.owners.tags.find([name]);
  if (found === undefined) throw tagNotFound(name);
  const planned = mergeTagFields(found, fields);
  const budgets = await findLinkedBudgets(deps, [found.budgetId, planned.budgetId]);
  const [before, after] = [fillFrom(budgets, found), fillFrom(budgets, planned)];
  const [move] = await planOwnerSpendMoves(deps, [{ ref: { kind: 'tag', id: name }, before, after }], nowMs);
  const result = await deps.transact(async (unit) => {
    const current = await unit.tags.find([name]);
    if (current === undefined) throw tagNotFound(name);
    const next = { ...mergeTagFields(current, fields), ...changeStamps(current, nameOfCaller(caller), nowMs) };
    if (next.budgetId !== current.budgetId) await assertBudgetExists(unit, next.budgetId);
    await unit.tags.update(next);
    await unit.adjust(move?.adjustments ?? []);
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action: 'updated',
        table: 'LiteLLM_TagTable',
        objectId: name,
        before: current,
        after: next,
      }),
    ]);
    return next;
  });
  if (result.kind === 'conflict') throw tagNotFound(name);
  const [view] = await viewTags(deps, [result.value satisfies TagRecord]);
  return view as TagView;
}
