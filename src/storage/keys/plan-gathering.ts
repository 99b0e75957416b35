/**
 * PostgreSQL asks a table in memory whether a key has spent so much, if it thinks that the table will fit there; if not, it
 * goes through all of them for every key. So it is told a number beyond which it cannot estimate, and which fits for sure.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.ts';
import { buildBalanceRange, type SpendRange } from './spend-classes.ts';

/** Of a number of four bytes in such a table: 32, and something to spare. */
const ENTRY_BYTES = 40;
/** Others may come to have spent so much before it is read again. */
const SPARE = 0.9;

/**
 * How many keys have spent what is asked for, as far as `most`, and how many are to be gathered at most, which is more;
 * undefined: they are too many.
 */
export async function planGathering(
  reads: Kysely<Database>,
  range: SpendRange,
  most: number,
): Promise<{ spent: number; most: number | undefined }> {
  const spending = reads
    .selectFrom('balances')
    .select('balances.key_id')
    .where('balances.key_id', 'is not', null)
    .where(buildBalanceRange(range));
  const { spent, bytes } = await reads
    .selectFrom(spending.limit(most).as('spending'))
    .select((eb) => eb.fn.countAll<number>().as('spent'))
    .select(
      sql<number>`pg_size_bytes(current_setting('work_mem'))
        * coalesce(current_setting('hash_mem_multiplier', true)::float8, 1)`.as('bytes'),
    )
    .executeTakeFirstOrThrow();
  const gathered = Math.min(most, Math.floor(bytes / ENTRY_BYTES));
  return { spent, most: spent < gathered * SPARE ? gathered : undefined };
}
