import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { TagRecord } from '../../core/owner-records.ts';
import { assertAdmin } from '../../core/rights.ts';
import { assertBudgetExists } from '../owners/assert-budget-exists.ts';
import { assertNewId } from '../owners/assert-text.ts';
import { buildBlankOwner, nameOfCaller } from '../owners/blank-owner.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import {
  assertTagFields,
  mergeTagFields,
  type TagFields,
  type TagManagement,
  type TagView,
  viewTags,
} from './tag-management.ts';

/**
 * Registers a tag, so that it can have a budget. What calls have spent under its name already counts.
 * Throws not_admin, bad_request (a field, a taken name).
 */
export async function createTag(
  deps: TagManagement,
  caller: Caller,
  actor: Actor,
  name: string,
  fields: TagFields,
): Promise<TagView> {
  assertAdmin(caller, '/tag/new');
  assertNewId(name, 'name');
  assertTagFields(fields);
  const nowMs = deps.nowMs();
  const blank: TagRecord = { ...buildBlankOwner(name, nameOfCaller(caller), nowMs), description: null };
  const record = mergeTagFields(blank, fields);
  const result = await deps.transact(async (unit) => {
    await assertBudgetExists(unit, record.budgetId);
    if (!(await unit.tags.insert(record))) throw tagExists(name);
    const act = { action: 'created', table: 'LiteLLM_TagTable', objectId: name, before: null, after: record } as const;
    await unit.audit([buildOwnerAudit(deps, actor, nowMs, act)]);
  });
  if (result.kind === 'conflict') throw tagExists(name);
  const [view] = await viewTags(deps, [record]);
  return view as TagView;
}

function tagExists(name: string): GatewayError {
  return new GatewayError('bad_request', `Tag ${name} already exists`, { param: 'name' });
}
