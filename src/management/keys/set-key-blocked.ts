import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { parseKeyAddress } from '../../core/key-address.ts';
import type { KeyStore } from '../../storage/storage.ts';
import type { KeyManagement } from './key-management.ts';
import { keyNotFound } from './resolve-key.ts';
import { reviseKey } from './revise-key.ts';
import { type KeyView, viewKey } from './view-key.ts';

export type BlockDeps = Pick<KeyManagement, 'nowMs' | 'newId' | 'readSpend' | 'budgetWindow'> & {
  keys: Pick<KeyStore, 'change'>;
};

/** What block and unblock share; they have asked whether the caller may. */
export async function setKeyBlocked(
  deps: BlockDeps,
  caller: Caller,
  actor: Actor,
  { key, blocked }: { key: string; blocked: boolean },
): Promise<KeyView> {
  const nowMs = deps.nowMs();
  const action = blocked ? 'blocked' : 'unblocked';
  const result = await deps.keys.change(parseKeyAddress(key), (current) =>
    reviseKey(deps, current, { action, fields: { blocked }, move: null, caller, actor, nowMs }),
  );
  if (result.kind !== 'changed') throw keyNotFound(key);
  return viewKey(deps, result.after, nowMs);
}
