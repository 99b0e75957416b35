import { GatewayError } from '../core/gateway-error.ts';

const RETRY_AFTER_MS = 1_000;
const PUBLIC_MESSAGE = 'The database cannot be reached at the moment.';

/** The one error for a database that does not answer, whatever the reason. The reason is kept as the cause. */
export function databaseUnavailable(cause?: unknown): GatewayError {
  return new GatewayError('database_unavailable', PUBLIC_MESSAGE, { cause, retryAfterMs: RETRY_AFTER_MS });
}

/** Two transactions stood in each other's way and the database ended this one; the same work may succeed next time. */
export class TransactionConflict extends GatewayError {
  constructor(cause: unknown) {
    super('database_unavailable', PUBLIC_MESSAGE, { cause, retryAfterMs: RETRY_AFTER_MS });
  }
}

/** True where the failure leaves the connection in an unknown state, so that it must not be used again. */
export function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof GatewayError && error.code === 'database_unavailable' && !(error instanceof TransactionConflict)
  );
}
