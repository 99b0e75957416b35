import { assertJsonLimits, MAX_BODY_CHARS } from '../../core/assert-json-limits.ts';
import type { Actor } from '../../core/audit.ts';
import { ADMIN_USER_ID, type Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import { assertAdmin } from '../../core/rights.ts';
import { mapSecrets } from '../../core/secret-fields.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { assertModel } from './assert-model.ts';
import { maskModel } from './mask-model.ts';
import { type ModelManagement, type ModelView, overlay } from './model-management.ts';

export interface NewModel {
  modelName: string;
  params: JsonObject;
  info: JsonObject;
}

/**
 * Adds a deployment while the gateway runs; callable when this returns. Its credentials are sealed before they are
 * stored and never shown again. Throws not_admin, bad_request (a field, a taken id).
 */
export async function createModel(
  deps: ModelManagement,
  caller: Caller,
  actor: Actor,
  { modelName, params, info }: NewModel,
): Promise<ModelView> {
  assertAdmin(caller, '/model/new');
  assertJsonLimits({ modelName, params, info }, 'body', MAX_BODY_CHARS);
  const nowMs = deps.nowMs();
  const { id: given, ...rest } = info;
  const id = given === undefined || given === null || given === '' ? deps.newId('model_') : String(given);
  const by = caller.userId ?? ADMIN_USER_ID;
  const plain = { id, modelName, params: overlay({}, params), info: overlay({}, rest) };
  const unsupported = assertModel(deps, plain);
  if (deps.isConfigured(id)) throw idTaken(id);
  const record: ModelRecord = {
    ...plain,
    params: mapSecrets(plain.params, (text, path) => deps.seal(id, path, text)),
    createdAtMs: nowMs,
    createdBy: by,
    updatedAtMs: nowMs,
    updatedBy: by,
    deletedAtMs: null,
    deletedBy: null,
  };
  const result = await deps.transact(async (unit) => {
    if (!(await unit.models.insert(record))) throw idTaken(id);
    const after = maskModel(record);
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action: 'created',
        table: 'LiteLLM_ProxyModelTable',
        objectId: id,
        before: null,
        after,
      }),
    ]);
    return after;
  });
  if (result.kind === 'conflict') throw idTaken(id);
  await deps.refresh();
  return { record: result.value, unsupported };
}

function idTaken(id: string): GatewayError {
  return new GatewayError(
    'bad_request',
    `Model id = ${id} already exists. Leave model_info.id out or choose another.`,
    {
      param: 'model_info.id',
    },
  );
}
