import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { assertAdmin } from '../../core/rights.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { type TagManagement, tagNotFound } from './tag-management.ts';

/** The tag has no budget any more; calls may go on carrying it. Throws not_admin, not_found. */
export async function deleteTag(deps: TagManagement, caller: Caller, actor: Actor, name: string): Promise<void> {
  assertAdmin(caller, '/tag/delete');
  const nowMs = deps.nowMs();
  await deps.transact(async (unit) => {
    const before = await unit.tags.find([name]);
    if (before === undefined) throw tagNotFound(name);
    await unit.tags.update({ ...before, deletedAtMs: nowMs, deletedBy: nameOfCaller(caller) });
    const act = { action: 'deleted', table: 'LiteLLM_TagTable', objectId: name, before, after: null } as const;
    await unit.audit([buildOwnerAudit(deps, actor, nowMs, act)]);
  });
}
