import { isParamName, PARAM_NAMES } from '../../core/enforced-params.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Json } from '../../core/json.ts';

/**
 * `enforced_params` among what is written into metadata must be names of fields: what cannot be read would enforce nothing,
 * and what no call can have would stop all of them. `prefix`: where the values stand, `metadata.` or '' for fields of the
 * request. Throws bad_request (400).
 */
export function assertParamNames(values: Readonly<Record<string, Json>>, prefix: string): void {
  const names = values.enforced_params ?? [];
  if (Array.isArray(names) && names.every(isParamName)) return;
  const param = prefix === '' ? 'enforced_params' : 'metadata';
  throw new GatewayError('bad_request', `${prefix}enforced_params must be ${PARAM_NAMES}.`, { param });
}
