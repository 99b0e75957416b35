import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { parseKeyAddress } from '../../core/key-address.ts';
import { assertMay } from '../../core/permissions.ts';
import { type KeyUpdate, type UpdateDeps, updateKey } from './update-key.ts';
import { type KeyView, viewKey } from './view-key.ts';

export const MAX_BULK_KEYS = 500;

export interface BulkUpdate {
  updated: { key: string; view: KeyView }[];
  /** `view`: the key as it still is; null where there is none of this name. */
  failed: { key: string; view: KeyView | null; reason: string }[];
}

/**
 * Changes many keys, each as `updateKey` does and by itself: one that is refused does not keep the others from being
 * changed. Throws forbidden for whoever is no administrator, bad_request for no key or more than 500.
 */
export async function updateKeys(
  deps: UpdateDeps,
  caller: Caller,
  actor: Actor,
  updates: readonly KeyUpdate[],
): Promise<BulkUpdate> {
  assertMay(caller, 'bulk_update');
  if (updates.length === 0 || updates.length > MAX_BULK_KEYS) {
    const message = `keys must name 1 to ${MAX_BULK_KEYS} keys; got ${updates.length}.`;
    throw new GatewayError('bad_request', message, { param: 'keys' });
  }
  return updateEach(deps, caller, actor, updates);
}

/** Changes each, one after the other; what is refused of one is told of that one. */
export async function updateEach(
  deps: UpdateDeps,
  caller: Caller,
  actor: Actor,
  updates: readonly KeyUpdate[],
): Promise<BulkUpdate> {
  const result: BulkUpdate = { updated: [], failed: [] };
  for (const update of updates) {
    try {
      const view = await updateKey(deps, caller, actor, update);
      result.updated.push({ key: update.key, view });
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status >= 500) throw error;
      const key = await deps.keys.find(update.address ?? parseKeyAddress(update.key));
      const view = key === undefined ? null : await viewKey(deps, key, deps.nowMs());
      result.failed.push({ key: update.key, view, reason: error.message });
    }
  }
  return result;
}
