import type { Caller } from '../../core/caller.ts';
import type { KeyRecord } from '../../core/key.ts';
import { assertMay } from '../../core/permissions.ts';
import type { KeyListQuery, KeyStore } from '../../storage/storage.ts';
import type { KeyManagement } from './key-management.ts';
import { type KeyView, viewKeys } from './view-key.ts';

/** Filters, order and page; the moment is added here. */
export type KeyListing = Omit<KeyListQuery, 'nowMs'>;

export interface KeyPage {
  keys: readonly KeyRecord[];
  /** One per key when rows were asked for, else null: hashes alone need no spend. */
  views: readonly KeyView[] | null;
  total: number;
}

/** One page of the keys that the caller may see. Throws not_admin. */
export async function listKeys(
  deps: Pick<KeyManagement, 'nowMs' | 'readSpend' | 'budgetWindow'> & { keys: Pick<KeyStore, 'list'> },
  caller: Caller,
  listing: KeyListing,
  withRows: boolean,
): Promise<KeyPage> {
  const reach = assertMay(caller, 'list');
  const nowMs = deps.nowMs();
  if (reach !== 'any' && (caller.userId === null || (listing.userId ?? caller.userId) !== caller.userId)) {
    return { keys: [], views: withRows ? [] : null, total: 0 };
  }
  const scope = reach === 'any' || caller.userId === null ? {} : { userId: caller.userId };
  const { keys, total } = await deps.keys.list({ ...listing, ...scope, nowMs });
  return { keys, views: withRows ? await viewKeys(deps, keys, nowMs) : null, total };
}
