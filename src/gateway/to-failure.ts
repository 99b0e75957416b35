import { GatewayError } from '../core/gateway-error.ts';
import type { GatewayDeps } from './gateway-deps.ts';

/** What a caller is told about any failure: refusals as they are, a fault of ours in one sentence, logged in full. */
export function toFailure(deps: Pick<GatewayDeps, 'onFault'>, error: unknown, requestId: string): GatewayError {
  if (error instanceof GatewayError) return error;
  deps.onFault(error, requestId);
  return new GatewayError('internal', `The gateway failed to carry out this call. Request id: ${requestId}`, {
    cause: error,
  });
}
