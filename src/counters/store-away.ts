import { GatewayError } from '../core/gateway-error.ts';

/** The database that limits are counted in did not answer, in time or at all. */
export function noAnswer(): GatewayError {
  return new GatewayError('database_unavailable', 'The database cannot be reached at the moment.', {
    retryAfterMs: 1_000,
  });
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'database_unavailable';
}
