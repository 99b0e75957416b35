import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { parseKeyAddress } from '../../core/key-address.ts';
import { assertMay, isWithinReach } from '../../core/permissions.ts';
import type { KeyStore } from '../../storage/storage.ts';
import type { KeyManagement } from './key-management.ts';
import { keyNotFound } from './resolve-key.ts';
import { type KeyView, viewKey } from './view-key.ts';

/**
 * One key, by secret, hash, key_id or alias; without a name, the key that is calling. To whoever may see only some
 * keys, a key that does not exist and a key of somebody else look the same.
 * Throws forbidden, not_found.
 */
export async function getKeyInfo(
  deps: Pick<KeyManagement, 'nowMs' | 'readSpend' | 'budgetWindow'> & { keys: Pick<KeyStore, 'find'> },
  caller: Caller,
  text: string | null,
): Promise<KeyView> {
  const reach = assertMay(caller, 'info');
  const key = await findAsked();
  if (key === undefined && reach === 'any') throw keyNotFound(text ?? caller.secretHash);
  if (key === undefined || !isWithinReach(reach, caller, key)) throw notYours(caller);
  return viewKey(deps, key, deps.nowMs());

  async function findAsked(): Promise<KeyRecord | undefined> {
    const address = text === null ? callerAddress(caller) : parseKeyAddress(text);
    return deps.keys.find(address);
  }
}

/** By key_id where there is one: the secret that is calling may be an older one in its grace period. */
function callerAddress(caller: Caller): { kind: 'key_id'; keyId: string } | { kind: 'hash'; hash: string } {
  return caller.key === null ? { kind: 'hash', hash: caller.secretHash } : { kind: 'key_id', keyId: caller.key.keyId };
}

function notYours(caller: Caller): GatewayError {
  return new GatewayError(
    'forbidden',
    `You are not allowed to access this key's info. Your role=${caller.role}. ` +
      "(user not allowed to access this key's info)",
    { param: 'key' },
  );
}
