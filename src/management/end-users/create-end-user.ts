import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { EndUserRecord } from '../../core/owner-records.ts';
import { assertAdmin } from '../../core/rights.ts';
import { assertBudgetExists } from '../owners/assert-budget-exists.ts';
import { assertNewId } from '../owners/assert-text.ts';
import { buildBlankOwner, nameOfCaller } from '../owners/blank-owner.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { assertEndUserFields, type EndUserFields, mergeEndUserFields } from './end-user-fields.ts';
import { type EndUserManagement, type EndUserView, viewEndUser } from './end-user-management.ts';

export interface NewEndUser {
  id: string;
  fields: EndUserFields;
}

/**
 * A customer: somebody on whose behalf keys call, with limits of its own.
 * Throws not_admin, customer_exists, bad_request (a field), unknown_default_model.
 */
export async function createEndUser(
  deps: EndUserManagement,
  caller: Caller,
  actor: Actor,
  { id, fields }: NewEndUser,
): Promise<EndUserView> {
  assertAdmin(caller, '/customer/new');
  assertNewId(id, 'user_id');
  assertEndUserFields(fields, deps);
  const nowMs = deps.nowMs();
  const blank: EndUserRecord = {
    ...buildBlankOwner(id, nameOfCaller(caller), nowMs),
    allowedModelRegion: null,
    defaultModel: null,
  };
  const record = mergeEndUserFields(blank, fields);
  // Whoever had this name before and called without being registered has spent under it as well.
  const fresh = await planFreshStart(deps, [{ ref: { kind: 'end_user', id }, limits: record }], nowMs);
  const result = await deps.transact(async (unit) => {
    await assertBudgetExists(unit, record.budgetId);
    if (!(await unit.endUsers.insert(record))) throw customerExists(id);
    await unit.adjust(fresh);
    const act = {
      action: 'created',
      table: 'LiteLLM_EndUserTable',
      objectId: id,
      before: null,
      after: record,
    } as const;
    await unit.audit([buildOwnerAudit(deps, actor, nowMs, act)]);
  });
  if (result.kind === 'conflict') throw customerExists(id);
  return viewEndUser(deps, record);
}

function customerExists(id: string): GatewayError {
  return new GatewayError(
    'customer_exists',
    `Customer already exists, passed user_id=${id}. Please pass a new user_id.`,
    { param: 'user_id' },
  );
}
