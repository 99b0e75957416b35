/**
 * SQLite plans without knowing how many keys a filter leaves, and is wrong by seconds where it guesses badly on a
 * million keys. So it is told which filter is to pick the keys of a list. Every filter that an index serves is counted,
 * as far as it takes to see whether it leaves few enough; of those the others then sift what the smallest one leaves.
 * What too many are left by is tried once more together with what keys have spent, if the list is asked for that.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { KeyListQuery } from '../storage.ts';
import { buildPickers, type Picker } from './key-pickers.ts';
import { asksForSpend, buildClassRange } from './spend-classes.ts';

/** So many times what is wanted is looked through for keys that can have spent so much: a microsecond each. */
const SIFTED = 4;

/** What is to pick the keys; null: every filter leaves more than `most`. */
export async function planSqlitePick(
  reads: Kysely<Database>,
  query: KeyListQuery,
  most: number,
): Promise<Picker | null> {
  const pickers = buildPickers(query);
  let best: Picker | null = null;
  let bestCount = most + 1;
  for (const picker of pickers) {
    const count = await countRows(reads, picker.keyIds ?? picker.rowNos, bestCount);
    if (count < bestCount) [best, bestCount] = [picker, count];
    if (count === 0) break;
  }
  if (best !== null || !asksForSpend(query)) return best;
  for (const { rowNos, isLinked } of pickers) {
    if (!isLinked && (await isSifted(reads, rowNos, query, most))) return { rowNos: sift(rowNos, query) };
  }
  return null;
}

/** How many rows there are, as far as `most`. */
async function countRows(reads: Kysely<Database>, picked: RawBuilder<unknown>, most: number): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from (select 1 from (${picked}) limit ${most})`.execute(reads);
  return rows[0]?.total ?? 0;
}

/** The rows whose keys can have spent what is asked for. */
function sift(picked: Picker['rowNos'], query: KeyListQuery): Picker['rowNos'] {
  return sql`select picked.row_no from (${picked}) as picked
    cross join key_spend_classes as spent on spent.row_no = picked.row_no where ${buildClassRange(query)}`;
}

/** No more than `most` of the rows are left then, as can be told soon. */
async function isSifted(
  reads: Kysely<Database>,
  picked: Picker['rowNos'],
  query: KeyListQuery,
  most: number,
): Promise<boolean> {
  const looked = most * SIFTED;
  const { rows } = await sql<{ looked: number; left: number }>`
    select count(*) as looked, count(spent.row_no) as "left"
    from (select row_no from (${picked}) limit ${looked}) as picked
    left join key_spend_classes as spent on spent.row_no = picked.row_no and ${buildClassRange(query)}`.execute(reads);
  const [counted] = rows;
  return counted !== undefined && counted.looked < looked && counted.left <= most;
}
