import { expressionBuilder, type RawBuilder, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { KeyListQuery, KeySortField } from '../storage.ts';
import { buildKeyFilters } from './key-filters.ts';
import type { Picker } from './key-pickers.ts';

/** What the facts of a key (see migration 0026) can be sorted by. */
const FACTS: Partial<Record<KeySortField, string>> = {
  created_at: 'created_at_ms',
  updated_at: 'updated_at_ms',
  max_budget: 'max_budget_nano_usd',
  expires: 'expires_at_ms',
  last_active: 'last_active_at_ms',
  key_alias: 'alias',
};

export function isSortedByFacts({ sortBy }: KeyListQuery): boolean {
  return FACTS[sortBy] !== undefined;
}

/**
 * On SQLite: the ids that match, in order, of the keys whose ids are picked, or of all. Nothing but the facts is read of
 * any of them, so the list has to ask for nothing else, and to be sorted by one.
 */
export function selectByFacts(
  query: KeyListQuery,
  keyIds: Picker['keyIds'],
  page: { limit: number; offset: number },
): RawBuilder<{ key_id: string }> {
  const eb = expressionBuilder<Database, 'keys'>();
  const filters = eb.and(buildKeyFilters(eb, query, { dialect: 'sqlite', skipIndexes: true }));
  // A cross join, since that is the one whose order SQLite leaves alone.
  const picked = keyIds === undefined ? sql`` : sql`(${keyIds}) as picked cross join`;
  const isPicked = keyIds === undefined ? sql`` : sql`and keys.key_id = picked.key_id`;
  const direction = query.sortOrder === 'asc' ? sql`asc` : sql`desc`;
  return sql`select keys.key_id from ${picked} keys indexed by keys_facts where ${filters} ${isPicked}
    order by +${sql.ref(`keys.${FACTS[query.sortBy]}`)} ${direction} nulls last, +keys.key_id ${direction}
    limit ${page.limit} offset ${page.offset}`;
}
