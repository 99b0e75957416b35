import { assertJsonLimits, MAX_BODY_CHARS } from '../../core/assert-json-limits.ts';
import type { Actor } from '../../core/audit.ts';
import { ADMIN_USER_ID, type Caller } from '../../core/caller.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import { assertAdmin } from '../../core/rights.ts';
import { MASKED, mapSecrets, restoreSecrets } from '../../core/secret-fields.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { assertModel } from './assert-model.ts';
import { maskModel } from './mask-model.ts';
import { type ModelFields, type ModelManagement, type ModelView, overlay } from './model-management.ts';
import { modelNotFound } from './model-not-found.ts';

/**
 * Changes the fields that are given: absent keeps, null takes out, a value sets, field by field in `litellm_params` and
 * `model_info`. A credential that is not given stays as it is. Calls see the change when this returns.
 * Throws not_admin, bad_request (a field, an unknown id, a model of the configuration file).
 */
export async function updateModel(
  deps: ModelManagement,
  caller: Caller,
  actor: Actor,
  id: string,
  fields: ModelFields,
): Promise<ModelView> {
  assertAdmin(caller, '/model/update');
  assertJsonLimits({ params: fields.params ?? {}, info: fields.info ?? {} }, 'body', MAX_BODY_CHARS);
  if (deps.isConfigured(id)) throw modelNotFound(deps, id);
  const nowMs = deps.nowMs();
  const result = await deps.transact(async (unit) => {
    const before = await unit.models.find([id]);
    if (before === undefined) throw modelNotFound(deps, id);
    const { id: _, ...info } = fields.info ?? {};
    const given = fields.params ?? {};
    const plain = {
      id,
      modelName: fields.modelName ?? before.modelName,
      params: overlay(before.params, given),
      info: overlay(before.info, info),
    };
    const unsupported = assertModel(deps, plain);
    const after: ModelRecord = {
      ...before,
      ...plain,
      params: overlay(before.params, restoreSecrets(sealNew(deps, id, given), before.params)),
      updatedAtMs: Math.max(nowMs, before.updatedAtMs + 1),
      updatedBy: caller.userId ?? ADMIN_USER_ID,
    };
    await unit.models.update(after);
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action: 'updated',
        table: 'LiteLLM_ProxyModelTable',
        objectId: id,
        // Unmasked, so that a changed credential is seen to have changed; what the row shows is masked there.
        before,
        after,
      }),
    ]);
    return { record: maskModel(after), unsupported };
  });
  if (result.kind === 'conflict') throw modelNotFound(deps, id);
  await deps.refresh();
  return result.value;
}

/** Credentials that are new are sealed; a mask that came back is not one. */
function sealNew(deps: Pick<ModelManagement, 'seal'>, id: string, given: JsonObject): JsonObject {
  return mapSecrets(given, (text, path) => (text === MASKED ? text : deps.seal(id, path, text)));
}
