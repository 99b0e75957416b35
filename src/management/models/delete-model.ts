import type { Actor } from '../../core/audit.ts';
import { ADMIN_USER_ID, type Caller } from '../../core/caller.ts';
import { assertAdmin } from '../../core/rights.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { maskModel } from './mask-model.ts';
import type { ModelManagement } from './model-management.ts';
import { modelNotFound } from './model-not-found.ts';

/**
 * Takes a model out of service and forgets its credentials; its name and settings stay for history. Calls in flight
 * end as they would have. Throws not_admin, bad_request (an unknown id, a model of the configuration file).
 */
export async function deleteModel(deps: ModelManagement, caller: Caller, actor: Actor, id: string): Promise<void> {
  assertAdmin(caller, '/model/delete');
  if (deps.isConfigured(id)) throw modelNotFound(deps, id);
  const nowMs = deps.nowMs();
  await deps.transact(async (unit) => {
    const before = await unit.models.find([id]);
    if (before === undefined) throw modelNotFound(deps, id);
    const masked = maskModel(before);
    await unit.models.update({ ...masked, deletedAtMs: nowMs, deletedBy: caller.userId ?? ADMIN_USER_ID });
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action: 'deleted',
        table: 'LiteLLM_ProxyModelTable',
        objectId: id,
        before: masked,
        after: null,
      }),
    ]);
  });
  await deps.refresh();
}
