/**
 * SQLite plans without knowing how many keys a filter leaves, and is wrong by seconds where it guesses badly on a
 * million keys. So it is told which filter is to pick the keys of a list. Every filter that an index serves is counted,
 * as far as it takes to see whether it leaves few enough; of those the others then sift what the smallest one leaves.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { KeyListQuery } from '../storage.ts';
import { buildPickers, type Picker } from './key-pickers.ts';

/** What is to pick the keys; null: every filter leaves more than `most`. */
export async function planSqlitePick(
  reads: Kysely<Database>,
  query: KeyListQuery,
  most: number,
): Promise<Picker | null> {
  let best: Picker | null = null;
  let bestCount = most + 1;
  for (const picker of buildPickers(query)) {
    const count = await countRows(reads, picker.keyIds ?? picker.rowNos, bestCount);
    if (count < bestCount) [best, bestCount] = [picker, count];
    if (count === 0) break;
  }
  return best;
}

/** How many rows there are, as far as `most`. */
async function countRows(reads: Kysely<Database>, picked: RawBuilder<unknown>, most: number): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from (select 1 from (${picked}) limit ${most})`.execute(reads);
  return rows[0]?.total ?? 0;
}
