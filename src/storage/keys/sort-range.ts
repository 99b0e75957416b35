import type { Expression, SqlBool } from 'kysely';
import type { KeyListQuery } from '../storage.ts';
import type { Keys } from './key-scope.ts';

/**
 * Where in the order of a list its first and last match can be, as far as the filters tell: conditions on the column that
 * it is sorted by. They leave out nothing that the filters let through, so that an index is entered in the right place.
 */
export function buildSortRange(eb: Keys, query: KeyListQuery): Expression<SqlBool>[] {
  const range: Expression<SqlBool>[] = [];
  if (query.sortBy === 'expires') {
    const { expiresAfterMs, expiresBeforeMs, nowMs, status } = query;
    if (status === 'expired') range.push(eb('keys.expires_at_ms', '<=', nowMs));
    if (expiresBeforeMs !== undefined) {
      range.push(eb('keys.expires_at_ms', '<', expiresBeforeMs));
      // A key that expires at all is active until then.
      if (status === 'active') range.push(eb('keys.expires_at_ms', '>', nowMs));
    }
    if (expiresAfterMs !== undefined) range.push(eb('keys.expires_at_ms', '>', expiresAfterMs));
  }
  if (query.sortBy === 'last_active') {
    const { lastActiveAfterMs, lastActiveBeforeMs, neverUsed } = query;
    if (neverUsed !== undefined) range.push(eb('keys.last_active_at_ms', neverUsed ? 'is' : 'is not', null));
    if (lastActiveBeforeMs !== undefined) range.push(eb('keys.last_active_at_ms', '<', lastActiveBeforeMs));
    if (lastActiveAfterMs !== undefined) range.push(eb('keys.last_active_at_ms', '>', lastActiveAfterMs));
  }
  return range;
}
