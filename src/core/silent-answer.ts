import { GatewayError } from './gateway-error.ts';

/** An upstream's answer that ended as it should and had nothing in it, which no client could make an answer of. */
export function endedSilently(deploymentId: string): GatewayError {
  return new GatewayError('upstream_error', `Deployment ${deploymentId} ended its answer without sending anything.`);
}
