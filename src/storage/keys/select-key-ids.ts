import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { KeyListQuery, KeySortField } from '../storage.ts';
import { buildKeyFilters, type FilterHints } from './key-filters.ts';
import type { Picker } from './key-pickers.ts';
import type { Keys } from './key-scope.ts';
import { buildSortRange } from './sort-range.ts';
import { asksForSpend, buildBalanceRange } from './spend-classes.ts';

/** Columns that are never null; said of them, "nulls last" would keep PostgreSQL from its index. */
const SORT_COLUMNS = {
  created_at: 'created_at_ms',
  updated_at: 'updated_at_ms',
  token: 'hash',
} as const;

const OPTIONAL_SORT_COLUMNS = {
  max_budget: 'max_budget_nano_usd',
  key_alias: 'alias',
  key_name: 'mask',
  expires: 'expires_at_ms',
  last_active: 'last_active_at_ms',
} as const satisfies Record<Exclude<KeySortField, 'spend' | keyof typeof SORT_COLUMNS>, string>;

/** What filters look at, and nothing more: a wider column would keep SQLite from reading an index alone. */
const FILTERED = [
  'keys.key_id',
  'keys.hash',
  'keys.alias',
  'keys.user_id',
  'keys.team_id',
  'keys.organization_id',
  'keys.budget_id',
  'keys.created_by',
  'keys.blocked',
  'keys.expires_at_ms',
  'keys.last_active_at_ms',
  'keys.deleted_at_ms',
  'keys.search_text',
] as const;

function sortOf({ sortBy }: { sortBy: Exclude<KeySortField, 'spend'> }): { column: string; isNullable: boolean } {
  const column = SORT_COLUMNS[sortBy as keyof typeof SORT_COLUMNS];
  if (column !== undefined) return { column, isNullable: false };
  return { column: OPTIONAL_SORT_COLUMNS[sortBy as keyof typeof OPTIONAL_SORT_COLUMNS], isNullable: true };
}

/** The ids that match, in order. With a picker SQLite sorts what that yields, else it follows an index. */
export function selectIds(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints, picker?: Picker) {
  const { sortBy, sortOrder } = query;
  if (sortBy === 'spend') return selectIdsBySpend(reads, query, hints, picker);
  const { column, isNullable } = sortOf({ sortBy });
  const sorted = picker === undefined ? sql.ref(`keys.${column}`) : sql`+${sql.ref(`keys.${column}`)}`;
  let matching = selectMatching(reads, query, hints, picker);
  if (picker === undefined) matching = matching.where((eb) => eb.and(buildSortRange(eb, query)));
  return matching
    .orderBy(sorted, (order) => (isNullable ? order[sortOrder]().nullsLast() : order[sortOrder]()))
    .orderBy('keys.key_id', sortOrder);
}

export function turn(order: KeyListQuery['sortOrder']): KeyListQuery['sortOrder'] {
  return order === 'asc' ? 'desc' : 'asc';
}

/** The ids that match from the end of the order on: of the last one first. */
export function selectIdsFromEnd(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints) {
  const { sortBy } = query;
  const turned = turn(query.sortOrder);
  if (sortBy === 'spend') return selectIdsBySpend(reads, { ...query, sortOrder: turned }, hints);
  const { column, isNullable } = sortOf({ sortBy });
  return selectMatching(reads, query, hints)
    .where((eb) => eb.and(buildSortRange(eb, query)))
    .orderBy(sql.ref(`keys.${column}`), (order) => (isNullable ? order[turned]().nullsFirst() : order[turned]()))
    .orderBy('keys.key_id', turned);
}

/** The ids that match, in no order. */
export function selectMatching(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints, picker?: Picker) {
  const matching = reads
    .selectFrom('keys')
    .select('keys.key_id')
    .where((eb) => eb.and(buildKeyFilters(eb, query, hints)));
  return picker === undefined ? matching : matching.where(sql<boolean>`keys.row_no in (${picker.rowNos})`);
}

/** A cross join, since that is the one whose order SQLite leaves alone. */
function selectIdsBySpend(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints, picker?: Picker) {
  let joined =
    picker === undefined && hints.dialect === 'sqlite'
      ? reads.selectFrom('balances').crossJoin('keys')
      : reads.selectFrom('keys').crossJoin('balances');
  if (picker !== undefined) joined = joined.where(sql<boolean>`keys.row_no in (${picker.rowNos})`);
  const { minSpendNanoUsd, maxSpendNanoUsd, ...others } = query;
  if (asksForSpend(query)) joined = joined.where(buildBalanceRange(query));
  return joined
    .whereRef('keys.key_id', '=', 'balances.key_id')
    .where('balances.key_id', 'is not', null)
    .where((eb) => eb.and(buildKeyFilters(eb, others, hints)))
    .select('keys.key_id')
    .orderBy('balances.nano_usd', query.sortOrder)
    .orderBy('balances.key_id', query.sortOrder);
}

/**
 * On PostgreSQL: the ids in order, each with how many match, of no more than `most` of those that match. It finds them by
 * whichever index it thinks best, and only then sorts them.
 */
export function selectPicked(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints, most: number) {
  const { sortBy, sortOrder, minSpendNanoUsd, maxSpendNanoUsd, ...others } = query;
  const valued =
    sortBy === 'spend'
      ? selectMatching(reads, { ...others, sortBy, sortOrder }, hints)
          .innerJoin('balances', (join) =>
            join.onRef('balances.key_id', '=', 'keys.key_id').on('balances.key_id', 'is not', null),
          )
          .where(asksForSpend(query) ? buildBalanceRange(query) : sql<boolean>`true`)
          .select('balances.nano_usd as sorted')
      : selectMatching(reads, query, hints).select(sql.ref(`keys.${sortOf({ sortBy }).column}`).as('sorted'));
  return reads
    .selectFrom(valued.limit(most).as('picked'))
    .select(['picked.key_id', sql<number>`count(*) over ()`.as('total')])
    .orderBy('picked.sorted', (order) => order[sortOrder]().nullsLast())
    .orderBy('picked.key_id', sortOrder);
}

/**
 * The ids that match among the first `near` keys of the whole list, in order; the list begins where the first match can
 * be, and may end before the keys that have nothing to be sorted by.
 */
export function selectNear(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints, near: number) {
  const { sortBy, sortOrder, minSpendNanoUsd, maxSpendNanoUsd, ...others } = query;
  if (sortBy === 'spend') {
    let first = reads
      .selectFrom('balances')
      .select(['balances.key_id', 'balances.nano_usd'])
      .where('balances.key_id', 'is not', null)
      .orderBy('balances.nano_usd', sortOrder)
      .orderBy('balances.key_id', sortOrder);
    if (asksForSpend(query)) first = first.where(buildBalanceRange(query));
    const spending = reads.selectFrom(first.limit(near).as('balances'));
    const isMatching = (eb: unknown) =>
      (eb as Keys).and(buildKeyFilters(eb as Keys, { ...others, sortBy, sortOrder }, hints));
    if (hints.dialect === 'postgres') {
      // With an offset, even of nothing, it looks them up one by one: else it may read whatever matches first, and join that.
      return spending
        .innerJoinLateral(
          (from) =>
            from
              .selectFrom('keys')
              .select('keys.key_id')
              .whereRef('keys.key_id', '=', 'balances.key_id')
              .where(isMatching)
              .offset(sql.lit(0))
              .as('keys'),
          (join) => join.onTrue(),
        )
        .select('keys.key_id')
        .orderBy('balances.nano_usd', sortOrder)
        .orderBy('balances.key_id', sortOrder);
    }
    return spending
      .crossJoin('keys')
      .whereRef('keys.key_id', '=', 'balances.key_id')
      .where(isMatching)
      .select('keys.key_id')
      .orderBy('balances.nano_usd', sortOrder)
      .orderBy('balances.key_id', sortOrder);
  }
  const { column, isNullable } = sortOf({ sortBy });
  let first = reads
    .selectFrom('keys')
    .select(FILTERED)
    .$if(hints.dialect === 'sqlite', (keys) => keys.select(sql<number>`keys.row_no`.as('row_no')))
    .select(sql.ref(`keys.${column}`).as('sorted'))
    .where('keys.deleted_at_ms', 'is', null)
    .orderBy(sql.ref(`keys.${column}`), (order) => (isNullable ? order[sortOrder]().nullsLast() : order[sortOrder]()))
    .orderBy('keys.key_id', sortOrder);
  first = first.where((eb) => eb.and(buildSortRange(eb, query)));
  // Keys that never expire are active as well, but come after those that do.
  if (sortBy === 'expires' && sortOrder === 'asc' && query.status === 'active') {
    first = first.where('keys.expires_at_ms', '>', query.nowMs);
  }
  return reads
    .selectFrom(first.limit(near).as('keys'))
    .where((eb) => eb.and(buildKeyFilters(eb as unknown as Keys, query, hints)))
    .select('keys.key_id')
    .orderBy('keys.sorted', (order) => (isNullable ? order[sortOrder]().nullsLast() : order[sortOrder]()))
    .orderBy('keys.key_id', sortOrder);
}
