import type { Kysely } from 'kysely';
import type { KeyRecord } from '../../core/key.ts';
import type { Database, DialectName } from '../database.ts';
import type { KeyListQuery, KeySortField } from '../storage.ts';
import { findKeysById } from './find-keys.ts';
import { buildKeyFilters, type FilterHints } from './key-filters.ts';
import { type ListPlan, planSqliteList } from './plan-sqlite-list.ts';

/** Columns that are never null; said of them, "nulls last" would keep PostgreSQL from its index. */
const SORT_COLUMNS = {
  created_at: 'keys.created_at_ms',
  updated_at: 'keys.updated_at_ms',
  token: 'keys.hash',
} as const;

const OPTIONAL_SORT_COLUMNS = {
  max_budget: 'keys.max_budget_nano_usd',
  key_alias: 'keys.alias',
  key_name: 'keys.mask',
  expires: 'keys.expires_at_ms',
  last_active: 'keys.last_active_at_ms',
} as const satisfies Record<Exclude<KeySortField, 'spend' | keyof typeof SORT_COLUMNS>, string>;

/** One page of keys and how many there are in all. Keys without a value to sort by come last in either direction. */
export async function listKeys(
  reads: Kysely<Database>,
  dialect: DialectName,
  query: KeyListQuery,
): Promise<{ keys: KeyRecord[]; total: number }> {
  const { total, hints } = await (dialect === 'sqlite' ? planSqliteList(reads, query) : planList(reads, query));
  if ((query.page - 1) * query.size >= total) return { keys: [], total };
  // Only the ids are sorted, since a whole key weighs twenty times as much.
  const ids = await orderIds(reads, query, hints);
  const found = await findKeysById(
    reads,
    ids.map((row) => row.key_id),
  );
  return { keys: ids.flatMap(({ key_id }) => found.get(key_id) ?? []), total };
}

/** PostgreSQL knows its tables and needs no advice. */
async function planList(reads: Kysely<Database>, query: KeyListQuery): Promise<ListPlan> {
  const hints: FilterHints = { dialect: 'postgres', skipIndexes: false, search: 'text' };
  const { total } = await reads
    .selectFrom('keys')
    .where((eb) => eb.and(buildKeyFilters(eb, query, hints)))
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { total, hints };
}

function orderIds(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints): Promise<{ key_id: string }[]> {
  const { sortBy, sortOrder, page, size } = query;
  if (sortBy === 'spend') return orderIdsBySpend(reads, query, hints);
  const matching = reads
    .selectFrom('keys')
    .select('keys.key_id')
    .where((eb) => eb.and(buildKeyFilters(eb, query, hints)));
  const ordered =
    sortBy in SORT_COLUMNS
      ? matching.orderBy(SORT_COLUMNS[sortBy as keyof typeof SORT_COLUMNS], sortOrder)
      : matching.orderBy(OPTIONAL_SORT_COLUMNS[sortBy as keyof typeof OPTIONAL_SORT_COLUMNS], (order) =>
          order[sortOrder]().nullsLast(),
        );
  return ordered
    .orderBy('keys.key_id', sortOrder)
    .limit(size)
    .offset((page - 1) * size)
    .execute();
}

/** A cross join, since that is the one whose order SQLite leaves alone. */
function orderIdsBySpend(
  reads: Kysely<Database>,
  query: KeyListQuery,
  hints: FilterHints,
): Promise<{ key_id: string }[]> {
  const joined = hints.skipIndexes
    ? reads.selectFrom('balances').crossJoin('keys')
    : reads.selectFrom('keys').crossJoin('balances');
  return joined
    .whereRef('keys.key_id', '=', 'balances.key_id')
    .where('balances.key_id', 'is not', null)
    .where((eb) => eb.and(buildKeyFilters(eb, query, hints)))
    .select('keys.key_id')
    .orderBy('balances.nano_usd', query.sortOrder)
    .orderBy('balances.key_id', query.sortOrder)
    .limit(query.size)
    .offset((query.page - 1) * query.size)
    .execute();
}
