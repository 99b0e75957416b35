import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { EndUserRecord } from '../../core/owner-records.ts';
import { assertAdmin } from '../../core/rights.ts';
import { assertNewId } from '../owners/assert-text.ts';
import { buildBlankOwner, changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { type EndUserManagement, type EndUserView, endUserNotFound, viewEndUsers } from './end-user-management.ts';

/** Customers of one request. */
const MAX_IDS = 1_000;

/**
 * Blocks customers, or lets them call again, all or none. Somebody who is not known yet can be blocked in advance.
 * Throws not_admin, bad_request, not_found (to unblock).
 */
export async function setEndUsersBlocked(
  deps: EndUserManagement,
  caller: Caller,
  actor: Actor,
  ids: readonly string[],
  blocked: boolean,
): Promise<EndUserView[]> {
  assertAdmin(caller, blocked ? '/customer/block' : '/customer/unblock');
  const wanted = assertIds(ids);
  const nowMs = deps.nowMs();
  const by = nameOfCaller(caller);
  const result = await deps.transact(async (unit) => {
    const found = new Map((await unit.endUsers.findWhere({ id: wanted })).map((record) => [record.id, record]));
    const missing = wanted.filter((id) => !found.has(id));
    if (!blocked && missing.length > 0) throw endUserNotFound(missing, 'user_ids');
    const changed: EndUserRecord[] = [];
    for (const id of [...wanted].sort()) {
      const before = found.get(id);
      const base = before ?? { ...buildBlankOwner(id, by, nowMs), allowedModelRegion: null, defaultModel: null };
      const after = { ...base, blocked, ...(before === undefined ? {} : changeStamps(before, by, nowMs)) };
      if (before === undefined) await unit.endUsers.insert(after);
      else await unit.endUsers.update(after);
      const act = {
        action: blocked ? 'blocked' : 'unblocked',
        table: 'LiteLLM_EndUserTable',
        objectId: id,
        before: before ?? null,
        after,
      } as const;
      await unit.audit([buildOwnerAudit(deps, actor, nowMs, act)]);
      changed.push(after);
    }
    return changed;
  });
  if (result.kind === 'conflict') throw endUserNotFound(wanted, 'user_ids');
  return viewEndUsers(deps, result.value);
}

export function assertIds(ids: readonly string[]): string[] {
  if (ids.length === 0 || ids.length > MAX_IDS) {
    throw new GatewayError('bad_request', `user_ids must name 1 to ${MAX_IDS} customers.`, { param: 'user_ids' });
  }
  for (const id of ids) assertNewId(id, 'user_ids');
  return [...new Set(ids)];
}
