import { type Kysely, sql } from 'kysely';
import type { Database, DialectName } from '../database.ts';
import type { KeyListPage, KeyListQuery, KeySortField } from '../storage.ts';
import { findKeysById } from './find-keys.ts';
import { buildKeyFilters, type FilterHints } from './key-filters.ts';
import type { Picker } from './key-pickers.ts';
import { planSqliteList } from './plan-sqlite-list.ts';

/** So far beyond the page asked for are keys counted at most: to count a million takes long, and nobody reads so far. */
const COUNTED_AHEAD = 10_000;
/** The same where the keys are met one by one in the order of the list, among many others that do not match. */
const MET_AHEAD = 400;

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

/** Ids in order, and how many there are in all or at least. */
interface Found {
  ids: readonly { key_id: string }[];
  total: number;
  isTotalExact: boolean;
}

/** One page of keys and how many there are. Keys without a value to sort by come last in either direction. */
export async function listKeys(
  reads: Kysely<Database>,
  dialect: DialectName,
  query: KeyListQuery,
): Promise<KeyListPage> {
  // Only the ids are sorted, since a whole key weighs twenty times as much.
  const { ids, total, isTotalExact } = await (dialect === 'postgres' ? findPlanned(reads, query) : find(reads, query));
  const found = await findKeysById(
    reads,
    ids.map((row) => row.key_id),
  );
  return { keys: ids.flatMap(({ key_id }) => found.get(key_id) ?? []), total, isTotalExact };
}

/** PostgreSQL knows its tables and needs no advice. */
async function findPlanned(reads: Kysely<Database>, query: KeyListQuery): Promise<Found> {
  const hints: FilterHints = { dialect: 'postgres', skipIndexes: false };
  const offset = (query.page - 1) * query.size;
  const total = await countUpTo(reads, query, hints, offset + query.size + COUNTED_AHEAD);
  const isTotalExact = total < offset + query.size + COUNTED_AHEAD;
  if (offset >= total) return { ids: [], total, isTotalExact };
  return { ids: await selectIds(reads, query, hints).limit(query.size).offset(offset).execute(), total, isTotalExact };
}

async function find(reads: Kysely<Database>, query: KeyListQuery): Promise<Found> {
  const { picker, isWhole } = await planSqliteList(reads, query);
  const hints: FilterHints = { dialect: 'sqlite', skipIndexes: true };
  const offset = (query.page - 1) * query.size;
  if (picker !== null) {
    const counted = selectIds(reads, query, hints, picker).select(sql<number>`count(*) over ()`.as('total'));
    const ids = await counted.limit(query.size).offset(offset).execute();
    const total = ids[0]?.total ?? (await countUpTo(reads, query, hints, offset, picker));
    return { ids, total, isTotalExact: true };
  }
  const asked = query.size + MET_AHEAD;
  const ids = await selectIds(reads, query, hints).limit(asked).offset(offset).execute();
  const page = ids.slice(0, query.size);
  if (isWhole) return { ids: page, total: await countLive(reads), isTotalExact: true };
  if (ids.length > 0) return { ids: page, total: offset + ids.length, isTotalExact: ids.length < asked };
  return { ids: [], total: await countUpTo(reads, query, hints, offset), isTotalExact: true };
}

/** How many keys match, as far as `most`. */
async function countUpTo(
  reads: Kysely<Database>,
  query: KeyListQuery,
  hints: FilterHints,
  most: number,
  picker?: Picker,
): Promise<number> {
  let matching = reads
    .selectFrom('keys')
    .select('keys.key_id')
    .where((eb) => eb.and(buildKeyFilters(eb, query, hints)));
  if (picker !== undefined) matching = matching.where(sql<boolean>`keys.row_no in (${picker})`);
  const counted = reads.selectFrom(matching.limit(most).as('matching'));
  return (await counted.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()).total;
}

/** Without a condition SQLite counts the pages of its smallest index, which takes no time; the deleted have their own. */
async function countLive(reads: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select (select count(*) from keys)
      - (select count(*) from keys indexed by keys_deleted where deleted_at_ms is not null) as total`.execute(reads);
  return rows[0]?.total ?? 0;
}

/** The ids that match, in order. With a picker SQLite sorts what that yields, else it follows an index. */
function selectIds(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints, picker?: Picker) {
  const { sortBy, sortOrder } = query;
  if (sortBy === 'spend') return selectIdsBySpend(reads, query, hints, picker);
  let matching = reads
    .selectFrom('keys')
    .select('keys.key_id')
    .where((eb) => eb.and(buildKeyFilters(eb, query, hints)));
  if (picker !== undefined) matching = matching.where(sql<boolean>`keys.row_no in (${picker})`);
  const column = (name: string) => (picker === undefined ? sql.ref(`keys.${name}`) : sql`+${sql.ref(`keys.${name}`)}`);
  const ordered =
    sortBy in SORT_COLUMNS
      ? matching.orderBy(column(SORT_COLUMNS[sortBy as keyof typeof SORT_COLUMNS]), sortOrder)
      : matching.orderBy(column(OPTIONAL_SORT_COLUMNS[sortBy as keyof typeof OPTIONAL_SORT_COLUMNS]), (order) =>
          order[sortOrder]().nullsLast(),
        );
  return ordered.orderBy('keys.key_id', sortOrder);
}

/** A cross join, since that is the one whose order SQLite leaves alone. */
function selectIdsBySpend(reads: Kysely<Database>, query: KeyListQuery, hints: FilterHints, picker?: Picker) {
  let joined =
    picker === undefined && hints.dialect === 'sqlite'
      ? reads.selectFrom('balances').crossJoin('keys')
      : reads.selectFrom('keys').crossJoin('balances');
  if (picker !== undefined) joined = joined.where(sql<boolean>`keys.row_no in (${picker})`);
  const { minSpendNanoUsd, maxSpendNanoUsd, ...others } = query;
  if (minSpendNanoUsd !== undefined) joined = joined.where('balances.nano_usd', '>=', minSpendNanoUsd);
  if (maxSpendNanoUsd !== undefined) joined = joined.where('balances.nano_usd', '<=', maxSpendNanoUsd);
  return joined
    .whereRef('keys.key_id', '=', 'balances.key_id')
    .where('balances.key_id', 'is not', null)
    .where((eb) => eb.and(buildKeyFilters(eb, others, hints)))
    .select('keys.key_id')
    .orderBy('balances.nano_usd', query.sortOrder)
    .orderBy('balances.key_id', query.sortOrder);
}
