/** A row of LiteLLM's models → a deployment of ours, its credentials in clear: whoever stores it seals them. */
import type { Json, JsonObject } from '../../core/json.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import { readStamps } from './map-owners.ts';
import type { RowReader } from './row-reader.ts';
import type { ModelTakeover } from './takeover.ts';

/** Undefined: it cannot be called here as it stands. */
export function mapModel(row: RowReader, id: string, nowMs: number, deps: ModelTakeover): ModelRecord | undefined {
  const modelName = row.text('model_name');
  const info = withoutNothing(row.object('model_info'));
  const params = openParams(row, withoutNothing(row.object('litellm_params')), deps);
  if (row.flag('blocked') === true) row.note('blocked', 'a model cannot be blocked here, so it was left out', 'row');
  if (info.team_id !== undefined) {
    row.note(
      'model_info.team_id',
      'models of a single team are not supported; list it in the models of the team',
      'row',
    );
  }
  if (params === undefined || modelName === null) {
    if (modelName === null) row.note('model_name', 'is missing', 'row');
    return undefined;
  }
  const { id: _, ...rest } = info;
  const record = { id, modelName, params, info: rest, ...readStamps(row, nowMs) };
  const { problem, unsupported } = deps.check(record);
  if (problem !== null) row.note(problem.param, problem.message, 'row');
  for (const name of unsupported) row.note(name, 'is kept and has no effect here');
  return record;
}

/** LiteLLM seals every text at the top; others it leaves as they are. */
function openParams(row: RowReader, sealed: JsonObject, { open }: ModelTakeover): JsonObject | undefined {
  const params: JsonObject = {};
  let complete = true;
  for (const [name, value] of Object.entries(sealed)) {
    const secret = typeof value === 'string' ? open(value) : null;
    if (secret === null) params[name] = value;
    else if (secret.kind !== 'sealed') params[name] = secret.text;
    else {
      complete = false;
      row.note(
        `litellm_params.${name}`,
        'is sealed: give the key of that installation in LITELLM_SALT_KEY, or in LITELLM_MASTER_KEY if it has no salt key',
        'row',
      );
    }
  }
  return complete ? params : undefined;
}

function withoutNothing(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([, value]: [string, Json]) => value !== null && !(isJsonObject(value) && Object.keys(value).length === 0),
    ),
  );
}
