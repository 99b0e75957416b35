import { GatewayError } from '../../core/gateway-error.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import type { ModelManagement } from './model-management.ts';

const MAX_NAME_CHARS = 256;

/**
 * Refuses what could not be called as it stands, naming the field. Returns the fields that are kept without effect.
 * Throws bad_request (400).
 */
export function assertModel(
  deps: Pick<ModelManagement, 'check'>,
  record: Pick<ModelRecord, 'id' | 'modelName' | 'params' | 'info'>,
): readonly string[] {
  for (const [param, name] of [
    ['model_name', record.modelName],
    ['model_info.id', record.id],
  ] as const) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (name === '' || name.length > MAX_NAME_CHARS || /[\u0000-\u001f\u007f]/.test(name)) {
      throw new GatewayError('bad_request', `${param} must be a text of 1 to ${MAX_NAME_CHARS} printable characters.`, {
        param,
      });
    }
  }
  if (record.info.team_id !== undefined) {
    throw new GatewayError(
      'bad_request',
      'model_info.team_id: models of a single team are not supported. List the model in the models of the teams that may call it.',
      { param: 'model_info.team_id' },
    );
  }
  const { problem, unsupported } = deps.check(record);
  if (problem !== null) {
    throw new GatewayError('bad_request', `${problem.param}: ${problem.message}`, { param: problem.param });
  }
  return unsupported;
}
