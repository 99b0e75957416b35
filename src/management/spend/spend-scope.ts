/** Whose calls a caller may read: an administrator everybody's, anybody else only its own. */
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { parseKeyAddress } from '../../core/key-address.ts';
import { scopeOf } from '../../core/rights.ts';
import type { Scope } from '../../core/scope.ts';
import type { KeyStore, SpendQuery } from '../../storage/storage.ts';

type Owned = Pick<SpendQuery, 'keyId' | 'keyHash' | 'userId'>;

/** Narrows a query to what the caller may read; undefined when nothing is left. Asking for others' calls finds none. */
export function scopeToCaller<Query extends Owned>(caller: Caller, query: Query): Query | undefined {
  if (seesAllSpend(caller)) return query;
  const ownsByUser = caller.role !== 'unknown' && caller.userId !== null;
  if (ownsByUser) {
    const userId = caller.userId as string;
    return query.userId === undefined || query.userId === userId ? { ...query, userId } : undefined;
  }
  const keyId = caller.key?.keyId;
  if (keyId === undefined) return undefined;
  return query.keyId === undefined || query.keyId === keyId ? { ...query, keyId } : undefined;
}

/** First line of every verb that sums up the spend of all. Throws `forbidden` (403). */
export function assertSeesAllSpend(caller: Caller): void {
  if (seesAllSpend(caller)) return;
  throw new GatewayError('forbidden', `This caller may only read its own spend. Your role=${caller.role}`);
}

/**
 * Whose part of a list of users or of their keys the caller may read: undefined: everybody's, else the one user's.
 * Throws `forbidden` (403) for who is no user.
 */
export function spendOwnerOf(caller: Caller): string | undefined {
  if (seesAllSpend(caller)) return undefined;
  if (caller.role === 'unknown' || caller.userId === null) assertSeesAllSpend(caller);
  return caller.userId ?? '';
}

/**
 * The calls of the key that the text names: by its immutable id where the key is known, so that calls under an earlier
 * secret count too, else by the hash it called with (the master key, say). Undefined: it names nothing that can have
 * called.
 */
export async function selectKey(
  keys: Pick<KeyStore, 'find'>,
  text: string | undefined,
): Promise<Pick<SpendQuery, 'keyId' | 'keyHash'> | undefined> {
  if (text === undefined) return {};
  const address = parseKeyAddress(text);
  const key = await keys.find(address, { includeDeleted: true });
  if (key !== undefined) return { keyId: key.keyId };
  return address.kind === 'hash' ? { keyId: null, keyHash: address.hash } : undefined;
}

/**
 * Whose sums the caller may read: everybody's, as with calls; else its own, those of teams that it administers and those
 * of its organisations.
 */
export function usageScopeOf(caller: Caller): Scope {
  return seesAllSpend(caller) ? 'all' : scopeOf(caller);
}

/** Administrators, and keys that were given the permission to read spend. */
function seesAllSpend(caller: Caller): boolean {
  const isAdmin = caller.role === 'proxy_admin' || caller.role === 'proxy_admin_viewer';
  return isAdmin || caller.key?.permissions.get_spend_routes === true;
}
