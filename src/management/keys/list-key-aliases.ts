import type { Caller } from '../../core/caller.ts';
import { assertMay } from '../../core/permissions.ts';
import type { KeyStore } from '../../storage/storage.ts';
import type { KeyManagement } from './key-management.ts';
import { toListScope } from './list-scope.ts';

export interface AliasListing {
  page: number;
  size: number;
  /** Part of an alias, upper and lower case being the same; null: all. */
  search: string | null;
}

/**
 * The aliases of the keys that the caller may see, in their order: to an administrator all, to others those of their own
 * keys and of teams whose keys they may list. Throws not_admin.
 */
export async function listKeyAliases(
  deps: Pick<KeyManagement, 'nowMs' | 'standingOf'> & { keys: Pick<KeyStore, 'list'> },
  caller: Caller,
  { page, size, search }: AliasListing,
): Promise<{ aliases: string[]; total: number }> {
  assertMay(caller, 'aliases');
  const { keys, total } = await deps.keys.list({
    scope: await toListScope(deps, caller, { teamKeys: true, createdKeys: false }),
    withAlias: search ?? true,
    page,
    size,
    sortBy: 'key_alias',
    sortOrder: 'asc',
    nowMs: deps.nowMs(),
  });
  return { aliases: keys.flatMap(({ alias }) => alias ?? []), total };
}
