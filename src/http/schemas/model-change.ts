/** /model/new, /model/update, /model/delete: bodies and the row that answers. */
import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import type { NewModel } from '../../management/models/create-model.ts';
import type { ModelFields } from '../../management/models/model-management.ts';
import { toIsoTime } from './iso-time.ts';
import { OpenObject } from './key-shapes.ts';

const Params = OpenObject.describe('As in the configuration file. Credentials are sealed and never shown again.');
const Info = OpenObject.describe('As in the configuration file; `id` names the deployment.');

export const ModelNewBody = z.looseObject({
  model_name: z.string().describe('What clients ask for. A name that exists already gets one more deployment.'),
  litellm_params: Params,
  model_info: Info.nullish(),
});

export const ModelUpdateBody = z.looseObject({
  model_name: z.string().nullish(),
  litellm_params: Params.nullish(),
  model_info: Info.nullish(),
});

export const ModelDeleteBody = z.looseObject({ id: z.string() });
export const ModelDeleteReply = z.object({ message: z.string() });

export const ModelRow = z.looseObject({
  model_id: z.string(),
  model_name: z.string(),
  litellm_params: z.record(z.string(), z.unknown()),
  model_info: z.record(z.string(), z.unknown()),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
  updated_by: z.string(),
});

export function toNewModel(body: z.output<typeof ModelNewBody>): NewModel {
  return {
    modelName: body.model_name,
    params: body.litellm_params as JsonObject,
    info: (body.model_info ?? {}) as JsonObject,
  };
}

export function toModelFields(body: z.output<typeof ModelUpdateBody>): ModelFields {
  return {
    modelName: body.model_name ?? undefined,
    params: (body.litellm_params ?? undefined) as JsonObject | undefined,
    info: (body.model_info ?? undefined) as JsonObject | undefined,
  };
}

export function fromModelRecord(record: ModelRecord): z.output<typeof ModelRow> {
  return {
    model_id: record.id,
    model_name: record.modelName,
    litellm_params: record.params,
    model_info: { ...record.info, id: record.id, db_model: true },
    created_at: toIsoTime(record.createdAtMs),
    created_by: record.createdBy,
    updated_at: toIsoTime(record.updatedAtMs),
    updated_by: record.updatedBy,
  };
}
