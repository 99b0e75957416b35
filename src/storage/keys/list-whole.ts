/**
 * Pages of the list of all live keys, of which each order has an index. Far back in the order of creation a page is entered
 * near its place, by how many keys were created before (see migration 0029); in other orders from whichever end is nearer.
 * By spend the balances alone are walked over, as long as the deleted keys among them are few enough to be kept in mind.
 */
import { type Kysely, sql } from 'kysely';
import type { Database, DialectName } from '../database.ts';
import type { KeyListQuery } from '../storage.ts';
import { type FilterHints, hintsFor } from './key-filters.ts';
import { areFewDeleted, walkBalances } from './live-balances.ts';
import { selectIds, selectIdsFromEnd } from './select-key-ids.ts';

/** Ids in order, and how many there are in all or at least. */
export interface Found {
  ids: readonly string[];
  total: number;
  isTotalExact: boolean;
}

/** `near`: so many keys are walked over in no time. */
export async function listWhole(
  reads: Kysely<Database>,
  dialect: DialectName,
  query: KeyListQuery,
  near: number,
): Promise<Found> {
  const total = await countLive(reads);
  const offset = (query.page - 1) * query.size;
  if (offset >= total) return { ids: [], total, isTotalExact: true };
  return { ids: await findIds(), total, isTotalExact: true };

  async function findIds(): Promise<string[]> {
    const hints = hintsFor(dialect);
    if (offset > near) {
      if (query.sortBy === 'created_at') return enterByCounts(reads, query, offset);
      if (query.sortBy === 'spend' && (await areFewDeleted(reads))) return walkBalances(reads, query, total);
      if (offset > total / 2) return walkFromEnd(reads, query, hints, total - offset);
    }
    const rows = await selectIds(reads, query, hints).limit(query.size).offset(offset).execute();
    return rows.map((row) => row.key_id);
  }
}

async function countLive(reads: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select cast(coalesce(sum(live), 0) as bigint) as total from key_counts`.execute(reads);
  return rows[0]?.total ?? 0;
}

async function enterByCounts(reads: Kysely<Database>, query: KeyListQuery, offset: number): Promise<string[]> {
  const isAscending = query.sortOrder === 'asc';
  const direction = isAscending ? sql`asc` : sql`desc`;
  const entrance = isAscending
    ? sql`created_at_ms >= (select bucket << 16 from place)`
    : sql`created_at_ms < (select (bucket + 1) << 16 from place)`;
  const { rows } = await sql<{ key_id: string }>`
    with counted as (select bucket, sum(live) as live from key_counts group by bucket),
    placed as (select bucket, live, sum(live) over (order by bucket ${direction}) - live as earlier from counted),
    place as materialized (select bucket, cast(earlier as bigint) as earlier from placed
      where earlier <= ${offset} and earlier + live > ${offset})
    select key_id from keys where deleted_at_ms is null and ${entrance}
    order by created_at_ms ${direction}, key_id ${direction}
    limit ${query.size} offset coalesce((select ${offset} - earlier from place), 0)`.execute(reads);
  return rows.map((row) => row.key_id);
}

/** The ids of a page, walked to from the other end of the list. `left`: so many come after the page begins. */
export async function walkFromEnd(
  reads: Kysely<Database>,
  query: KeyListQuery,
  hints: FilterHints,
  left: number,
): Promise<string[]> {
  const rows = await selectIdsFromEnd(reads, query, hints)
    .limit(Math.min(left, query.size))
    .offset(Math.max(left - query.size, 0))
    .execute();
  return rows.map((row) => row.key_id).reverse();
}
