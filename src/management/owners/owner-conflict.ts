import { GatewayError } from '../../core/gateway-error.ts';
import type { TransactResult } from '../../storage/owners/owner-storage.ts';
import { addressTaken } from '../members/resolve-people.ts';

/** The value of a transaction. Throws what a conflict means for whoever asked: 400 for a taken address, else 409. */
export function getDone<T>(result: TransactResult<T>): T {
  if (result.kind === 'done') return result.value;
  if (result.field === 'user_email') throw addressTaken();
  throw new GatewayError(
    'conflict',
    'Somebody else changed the same thing at the same moment. Send the request again.',
  );
}
