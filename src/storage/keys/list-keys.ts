import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import type { KeyRecord } from '../../core/key.ts';
import type { Database, DialectName } from '../database.ts';
import type { KeyListQuery, KeySortField } from '../storage.ts';
import { fromKeyRow, KEY_COLUMNS } from './key-row.ts';

type Keys = ExpressionBuilder<Database, 'keys'>;

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

/** Below three characters there are no trigrams to look up. */
const MIN_INDEXED_TERM = 3;

/** One page of keys and how many there are in all. Keys without a value to sort by come last in either direction. */
export async function listKeys(
  reads: Kysely<Database>,
  dialect: DialectName,
  query: KeyListQuery,
): Promise<{ keys: KeyRecord[]; total: number }> {
  const matching = reads.selectFrom('keys').where((eb) => eb.and(buildFilters(eb, dialect, query)));
  const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const offset = (query.page - 1) * query.size;
  if (offset >= total) return { keys: [], total };

  const page =
    query.sortBy === 'spend'
      ? matching.innerJoin('balances', 'balances.key_id', 'keys.key_id').orderBy('balances.nano_usd', query.sortOrder)
      : matching.orderBy(SORT_COLUMNS[query.sortBy], (item) => item[query.sortOrder]().nullsLast());
  const rows = await page
    .select(KEY_COLUMNS)
    .orderBy('keys.key_id', query.sortOrder)
    .limit(query.size)
    .offset(offset)
    .execute();
  return { keys: rows.map(fromKeyRow), total };
}

function buildFilters(eb: Keys, dialect: DialectName, query: KeyListQuery): Expression<SqlBool>[] {
  const filters: Expression<SqlBool>[] = buildStatusFilters(eb, query);
  if (query.userId !== undefined) filters.push(eb('keys.user_id', '=', query.userId));
  if (query.teamId !== undefined) filters.push(eb('keys.team_id', '=', query.teamId));
  if (query.organizationId !== undefined) filters.push(eb('keys.organization_id', '=', query.organizationId));
  if (query.createdBy !== undefined) filters.push(eb('keys.created_by', '=', query.createdBy));
  if (query.alias !== undefined) filters.push(eb('keys.alias', '=', query.alias));
  if (query.hash !== undefined) filters.push(eb('keys.hash', '=', query.hash));
  if (query.keyId !== undefined) filters.push(eb('keys.key_id', '=', query.keyId));
  if (query.expiresBeforeMs !== undefined) filters.push(eb('keys.expires_at_ms', '<', query.expiresBeforeMs));
  if (query.expiresAfterMs !== undefined) filters.push(eb('keys.expires_at_ms', '>', query.expiresAfterMs));
  if (query.tag !== undefined) {
    const tagged = eb.selectFrom('key_tags').select('key_tags.key_id').where('key_tags.tag', '=', query.tag);
    filters.push(eb('keys.key_id', 'in', tagged));
  }
  if (query.search) filters.push(buildSearch(dialect, query.search.toLowerCase()));
  return filters;
}

function buildStatusFilters(eb: Keys, { status, nowMs }: KeyListQuery): Expression<SqlBool>[] {
  const live = eb('keys.deleted_at_ms', 'is', null);
  if (status === undefined) return [live];
  switch (status) {
    case 'deleted':
      return [eb('keys.deleted_at_ms', 'is not', null)];
    case 'blocked':
      return [live, eb('keys.blocked', '=', 1)];
    case 'expired':
      return [live, eb('keys.expires_at_ms', '<=', nowMs)];
    case 'active':
      return [
        live,
        eb.or([eb('keys.blocked', 'is', null), eb('keys.blocked', '=', 0)]),
        eb.or([eb('keys.expires_at_ms', 'is', null), eb('keys.expires_at_ms', '>', nowMs)]),
      ];
  }
}

function buildSearch(dialect: DialectName, term: string): Expression<SqlBool> {
  if (dialect === 'sqlite' && [...term].length >= MIN_INDEXED_TERM) {
    const phrase = `"${term.replaceAll('"', '""')}"`;
    return sql<boolean>`keys.row_no in (select rowid from key_search where key_search match ${phrase})`;
  }
  const pattern = `%${term.replace(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`keys.search_text like ${pattern} escape '\\'`;
}
