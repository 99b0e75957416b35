/**
 * Balances of live keys, found without a look at the keys: every key has a balance, from its first moment on, and keeps both
 * when it is deleted. The deleted ones are gathered beforehand, as long as they are few enough to be kept in mind.
 */
import type { Kysely } from 'kysely';
import type { Database } from '../database.ts';
import type { KeyListQuery } from '../storage.ts';
import { turn } from './select-key-ids.ts';
import { asksForSpend, buildBalanceRange, type SpendRange } from './spend-classes.ts';

/** Beyond so many they take longer to be gathered than others to be looked up. */
const MOST_DELETED = 20_000;

export async function areFewDeleted(reads: Kysely<Database>): Promise<boolean> {
  const deleted = reads.selectFrom('keys').select('key_id').where('deleted_at_ms', 'is not', null);
  const { most } = await reads
    .selectFrom(deleted.limit(MOST_DELETED + 1).as('deleted'))
    .select((eb) => eb.fn.countAll<number>().as('most'))
    .executeTakeFirstOrThrow();
  return most <= MOST_DELETED;
}

function selectLive(reads: Kysely<Database>, range: SpendRange) {
  const live = reads
    .selectFrom('balances')
    .where('balances.key_id', 'is not', null)
    .where('balances.key_id', 'not in', (eb) =>
      // With a bound PostgreSQL is sure to keep them in memory. Twice as many: some may be deleted just now.
      eb
        .selectFrom('keys')
        .select('keys.key_id')
        .where('keys.deleted_at_ms', 'is not', null)
        .limit(2 * MOST_DELETED),
    );
  return asksForSpend(range) ? live.where(buildBalanceRange(range)) : live;
}

/** How many live keys have spent so much. */
export async function countBalances(reads: Kysely<Database>, range: SpendRange): Promise<number> {
  const counted = selectLive(reads, range).select((eb) => eb.fn.countAll<number>().as('total'));
  return (await counted.executeTakeFirstOrThrow()).total;
}

/** The ids of a page by spend, asked for nothing but that; `total` match. From whichever end is nearer. */
export async function walkBalances(reads: Kysely<Database>, query: KeyListQuery, total: number): Promise<string[]> {
  const offset = (query.page - 1) * query.size;
  const isTurned = offset > total / 2;
  const order = isTurned ? turn(query.sortOrder) : query.sortOrder;
  const rows = await selectLive(reads, query)
    .select('balances.key_id')
    .orderBy('balances.nano_usd', order)
    .orderBy('balances.key_id', order)
    .limit(isTurned ? Math.min(total - offset, query.size) : query.size)
    .offset(isTurned ? Math.max(total - offset - query.size, 0) : offset)
    .execute();
  const ids = rows.flatMap((row) => row.key_id ?? []);
  return isTurned ? ids.reverse() : ids;
}
