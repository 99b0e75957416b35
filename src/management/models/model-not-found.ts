import { GatewayError } from '../../core/gateway-error.ts';
import type { ModelManagement } from './model-management.ts';

/** Nothing stored has this id; a model of the configuration file is changed in the file. */
export function modelNotFound(deps: Pick<ModelManagement, 'isConfigured'>, id: string): GatewayError {
  const why = deps.isConfigured(id)
    ? `Model with id=${id} is defined in the configuration file. Change it there.`
    : `Model with id=${id} not found in db`;
  return new GatewayError('bad_request', why, { param: 'id' });
}
