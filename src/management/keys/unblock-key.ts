import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { type BlockDeps, setKeyBlocked } from './set-key-blocked.ts';
import type { KeyView } from './view-key.ts';

/** Lets a blocked key call again, from the next call on. Throws not_admin, not_found. */
export async function unblockKey(deps: BlockDeps, caller: Caller, actor: Actor, key: string): Promise<KeyView> {
  return setKeyBlocked(deps, caller, actor, { key, blocked: false });
}
