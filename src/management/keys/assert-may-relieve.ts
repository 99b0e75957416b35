import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { Capacity } from '../../core/permissions.ts';
import { isGoverned } from './build-ceiling.ts';

/**
 * Lifting a block and taking back what was spent is for those above a key: never for who merely uses it, and not for the
 * key itself. Throws `forbidden` (403).
 */
export function assertMayRelieve(caller: Caller, capacity: Capacity, key: KeyRecord, param: string): void {
  const isItself = caller.key?.keyId === key.keyId;
  const isAbove = capacity === 'admin' || (capacity === 'manager' && !isGoverned(caller, key));
  if (isAbove && !isItself) return;
  throw new GatewayError(
    'forbidden',
    `${param}: only an administrator of the proxy, of the key's team or of its organisation may do this, ` +
      'with another key than this one.',
    { param },
  );
}
