import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import type { KeyDraft } from '../../core/ceiling-terms.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { type KeyAddress, parseKeyAddress } from '../../core/key-address.ts';
import {
  assertMay,
  type Capacity,
  capacityFor,
  type KeyAct,
  type Reach,
  refuseHidden,
} from '../../core/permissions.ts';
import type { KeyStore } from '../../storage/storage.ts';
import type { KeyManagement } from './key-management.ts';
import { keyNotFound } from './resolve-key.ts';

/** A key that the caller may do something to: as it is, who stands behind it, and as what the caller acts. */
export interface FoundKey {
  draft: KeyDraft;
  standing: Standing;
  capacity: Capacity;
}

type Deps = Pick<KeyManagement, 'standingOf'>;

/**
 * The key that the text names, for this act; `address`: how to read it, else by its form. Throws the refusal of `assertMay`, `forbidden` (403) for a key that is not
 * the caller's to do this to, and `not_found` where `mayTellUnknown`.
 */
export async function findKeyFor(
  deps: Deps & { keys: Pick<KeyStore, 'find'> },
  caller: Caller,
  act: KeyAct,
  text: string,
  address: KeyAddress = parseKeyAddress(text),
): Promise<FoundKey> {
  const reach = assertMay(caller, act);
  const key = await deps.keys.find(address);
  if (key === undefined) throw mayTellUnknown(reach, [address]) ? keyNotFound(text) : refuseHidden(caller, act);
  const found = await toFoundKey(deps, caller, act, key);
  if (found instanceof GatewayError) throw found;
  return found;
}

/**
 * Whether the caller is told that there are no such keys: who may know of every key, and whoever named them by a secret or a
 * hash, which nobody guesses. An alias or a `key_id` that is nobody's looks to all others like one that is not theirs.
 */
export function mayTellUnknown(reach: Exclude<Reach, 'none'>, unknown: readonly KeyAddress[]): boolean {
  return reach === 'any' || unknown.every(({ kind }) => kind === 'hash');
}

/** The same for a key that is at hand; the refusal is returned. */
export async function toFoundKey(
  deps: Deps,
  caller: Caller,
  act: KeyAct,
  key: KeyRecord,
): Promise<FoundKey | GatewayError> {
  const standing = await deps.standingOf(key);
  const capacity = capacityFor(caller, act, key, standing.path.team);
  if (capacity instanceof GatewayError) return capacity;
  return { draft: toDraft(key, standing), standing, capacity };
}

export function toDraft(key: KeyRecord, { path }: Standing): KeyDraft {
  return { key, budget: path.keyBudget, team: path.team };
}

/** Two acts on one key at once, of which the later was decided upon what the earlier has changed. */
export function changedMeanwhile(): GatewayError {
  return new GatewayError('conflict', 'Somebody else changed this key at the same moment. Send the request again.');
}
