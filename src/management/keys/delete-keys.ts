import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { type KeyAddress, parseKeyAddress } from '../../core/key-address.ts';
import { assertMay, refuseHidden } from '../../core/permissions.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { hasSameOwners } from './assert-may-move.ts';
import { changedMeanwhile, mayTellUnknown, toFoundKey } from './find-key-for.ts';
import { buildKeyAudit } from './key-audit.ts';
import type { KeyManagement } from './key-management.ts';
import { addressOf, labelKey } from './resolve-key.ts';
import { nameOf } from './revise-key.ts';

export interface KeyDeletion {
  /** Secrets, hashes, key_ids or aliases; null: not given. */
  keys: readonly string[] | null;
  aliases: readonly string[] | null;
}

/** One transaction for all of them, during which nobody else writes. */
const MAX_KEYS = 5_000;

/**
 * Deletes all of the keys, or none of them: one unknown name and nothing has happened. Their rows, names and spend
 * stay for history. Each key gets an audit row of its own. Returns what was passed, as it was passed.
 * Throws not_admin, management_refused (an empty list), bad_request (too many), not_found.
 */
export async function deleteKeys(
  deps: Pick<KeyManagement, 'nowMs' | 'newId' | 'standingOf'> & { keys: Pick<KeyStore, 'findMany' | 'remove'> },
  caller: Caller,
  actor: Actor,
  input: KeyDeletion,
): Promise<string[]> {
  const reach = assertMay(caller, 'delete');
  const passed = [...(input.keys ?? []), ...(input.aliases ?? [])];
  if (passed.length === 0) {
    const param = input.keys === null ? 'key_aliases' : 'keys';
    throw new GatewayError('management_refused', `No keys provided, passed in: ${param}=[]`, { param });
  }
  if (passed.length > MAX_KEYS) {
    throw new GatewayError('bad_request', `At most ${MAX_KEYS} keys can be deleted at once.`, { param: 'keys' });
  }
  const addresses = [
    ...(input.keys ?? []).map(parseKeyAddress),
    ...(input.aliases ?? []).map((alias): KeyAddress => ({ kind: 'alias', alias })),
  ];
  const found = await deps.keys.findMany(addresses);
  const unknown = passed.filter((_, index) => found[index] === undefined);
  if (unknown.length > 0) {
    const unknownAddresses = addresses.filter((_, index) => found[index] === undefined);
    throw mayTellUnknown(reach, unknownAddresses) ? keysNotFound(unknown) : refuseHidden(caller, 'delete');
  }
  // The same key may have been named twice, by its secret and its alias, say.
  const rows = [...new Map(found.flatMap((key) => (key === undefined ? [] : [[key.keyId, key]]))).values()];
  for (const key of rows) {
    const refusal = await toFoundKey(deps, caller, 'delete', key);
    if (refusal instanceof GatewayError) throw refusal;
  }
  const nowMs = deps.nowMs();
  const result = await deps.keys.remove(rows.map(addressOf), { atMs: nowMs, by: nameOf(caller) }, (current) => {
    const seen = rows.find(({ keyId }) => keyId === current.keyId);
    if (reach !== 'any' && !(seen && hasSameOwners(seen, current))) throw changedMeanwhile();
    return buildKeyAudit(deps, actor, nowMs, { action: 'deleted', before: current, after: null });
  });
  if (result.kind === 'not_found') throw keysNotFound(result.missing.map((index) => nameRow(rows[index])));
  return passed;
}

function nameRow(key: KeyRecord | undefined): string {
  return key?.keyId ?? '';
}

const MOST_NAMED = 10;

/** Names as many as a reader can take in; a request can hold any number. */
function keysNotFound(texts: readonly string[]): GatewayError {
  const named = texts.slice(0, MOST_NAMED).map(labelKey).join(', ');
  const rest = texts.length > MOST_NAMED ? ` and ${texts.length - MOST_NAMED} more` : '';
  return new GatewayError('not_found', `No keys found for: ${named}${rest}. Nothing was deleted.`, { param: 'keys' });
}
