import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { hasSameOwners } from './assert-may-move.ts';
import { assertMayRelieve } from './assert-may-relieve.ts';
import { changedMeanwhile, findKeyFor } from './find-key-for.ts';
import type { KeyManagement } from './key-management.ts';
import { addressOf, keyNotFound } from './resolve-key.ts';
import { reviseKey } from './revise-key.ts';
import { type KeyView, viewKey } from './view-key.ts';

export type BlockDeps = Pick<KeyManagement, 'nowMs' | 'newId' | 'readSpend' | 'budgetWindow' | 'standingOf'> & {
  keys: Pick<KeyStore, 'find' | 'change'>;
};

/** What block and unblock share. */
export async function setKeyBlocked(
  deps: BlockDeps,
  caller: Caller,
  actor: Actor,
  { key, blocked }: { key: string; blocked: boolean },
): Promise<KeyView> {
  const nowMs = deps.nowMs();
  const action = blocked ? 'blocked' : 'unblocked';
  const { draft, capacity } = await findKeyFor(deps, caller, blocked ? 'block' : 'unblock', key);
  const result = await deps.keys.change(addressOf(draft.key), (current) => {
    if (!hasSameOwners(current, draft.key)) throw changedMeanwhile();
    if (!blocked) assertMayRelieve(caller, capacity, current, 'key');
    return reviseKey(deps, current, { action, fields: { blocked }, move: null, caller, actor, nowMs });
  });
  if (result.kind !== 'changed') throw keyNotFound(key);
  return viewKey(deps, result.after, nowMs);
}
