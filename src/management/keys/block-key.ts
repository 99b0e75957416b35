import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { type BlockDeps, setKeyBlocked } from './set-key-blocked.ts';
import type { KeyView } from './view-key.ts';

/** Refuses the key from the next call on and ends its open streams. Throws not_admin, not_found. */
export async function blockKey(deps: BlockDeps, caller: Caller, actor: Actor, key: string): Promise<KeyView> {
  return setKeyBlocked(deps, caller, actor, { key, blocked: true });
}
