import type { Kysely } from 'kysely';
import type { KeyRecord } from '../../core/key.ts';
import type { Database, DialectName } from '../database.ts';
import type { KeyListQuery, KeySortField } from '../storage.ts';
import { buildKeyFilters, type FilterHints } from './key-filters.ts';
import { fromKeyRow, KEY_COLUMNS, type KeyRow } from './key-row.ts';
import { type ListPlan, planSqliteList } from './plan-sqlite-list.ts';

const SORT_COLUMNS = {
  max_budget: 'keys.max_budget_nano_usd',
  created_at: 'keys.created_at_ms',
  updated_at: 'keys.updated_at_ms',
  token: 'keys.hash',
  key_alias: 'keys.alias',
  key_name: 'keys.mask',
  expires: 'keys.expires_at_ms',
  last_active: 'keys.last_active_at_ms',
} as const satisfies Record<Exclude<KeySortField, 'spend'>, `keys.${string}`>;

/** One page of keys and how many there are in all. Keys without a value to sort by come last in either direction. */
export async function listKeys(
  reads: Kysely<Database>,
  dialect: DialectName,
  query: KeyListQuery,
): Promise<{ keys: KeyRecord[]; total: number }> {
  const { total, hints } = await (dialect === 'sqlite' ? planSqliteList(reads, query) : planList(reads, query));
  if ((query.page - 1) * query.size >= total) return { keys: [], total };
  const rows = await (query.sortBy === 'spend'
    ? readBySpend(reads, query, hints)
    : readByColumn(reads, query, SORT_COLUMNS[query.sortBy], hints));
  return { keys: rows.map(fromKeyRow), total };
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

function readByColumn(
  reads: Kysely<Database>,
  query: KeyListQuery,
  column: (typeof SORT_COLUMNS)[keyof typeof SORT_COLUMNS],
  hints: FilterHints,
): Promise<KeyRow[]> {
  return reads
    .selectFrom('keys')
    .where((eb) => eb.and(buildKeyFilters(eb, query, hints)))
    .select(KEY_COLUMNS)
    .orderBy(column, (order) => order[query.sortOrder]().nullsLast())
    .orderBy('keys.key_id', query.sortOrder)
    .limit(query.size)
    .offset((query.page - 1) * query.size)
    .execute();
}

/** A cross join, since that is the one whose order SQLite leaves alone. */
function readBySpend(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints): Promise<KeyRow[]> {
  const joined = hints.skipIndexes
    ? reads.selectFrom('balances').crossJoin('keys')
    : reads.selectFrom('keys').crossJoin('balances');
  return joined
    .whereRef('keys.key_id', '=', 'balances.key_id')
    .where('balances.key_id', 'is not', null)
    .where((eb) => eb.and(buildKeyFilters(eb, query, hints)))
    .select(KEY_COLUMNS)
    .orderBy('balances.nano_usd', query.sortOrder)
    .orderBy('balances.key_id', query.sortOrder)
    .limit(query.size)
    .offset((query.page - 1) * query.size)
    .execute();
}
