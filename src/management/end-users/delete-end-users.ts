import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { assertAdmin } from '../../core/rights.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { type EndUserManagement, endUserNotFound } from './end-user-management.ts';
import { assertIds } from './set-end-users-blocked.ts';

/** Deletes customers, all or none; what they spent stays in the ledger. Throws not_admin, not_found, bad_request. */
export async function deleteEndUsers(
  deps: EndUserManagement,
  caller: Caller,
  actor: Actor,
  ids: readonly string[],
): Promise<string[]> {
  assertAdmin(caller, '/customer/delete');
  const wanted = assertIds(ids);
  const nowMs = deps.nowMs();
  const by = nameOfCaller(caller);
  await deps.transact(async (unit) => {
    const found = await unit.endUsers.findWhere({ id: wanted });
    const known = new Set(found.map(({ id }) => id));
    const missing = wanted.filter((id) => !known.has(id));
    if (missing.length > 0) throw endUserNotFound(missing, 'user_ids');
    for (const before of found) await unit.endUsers.update({ ...before, deletedAtMs: nowMs, deletedBy: by });
    await unit.audit(
      found.map((before) =>
        buildOwnerAudit(deps, actor, nowMs, {
          action: 'deleted',
          table: 'LiteLLM_EndUserTable',
          objectId: before.id,
          before,
          after: null,
        }),
      ),
    );
  });
  return wanted;
}
