/**
 * SQLite plans without knowing how many keys a filter leaves, and is wrong by seconds where it guesses badly on a
 * million keys. So it is told how to go about a list. Every filter that an index serves is counted, as far as it takes to
 * see whether it leaves few keys. The one that leaves the fewest picks the keys, which the others then sift and which are
 * sorted; where all leave many, the order of the list is followed instead, in which matching keys are met soon.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { KeyListQuery } from '../storage.ts';
import { buildPickers, type Picker } from './key-pickers.ts';

/** So many keys are sorted in the time that it takes to find a page of them in order. */
const FEW = 25_000;

export interface SqlitePlan {
  /** What is to pick the keys; null: follow the order of the list. */
  picker: Picker | null;
  /** Nothing is left out but deleted keys. */
  isWhole: boolean;
}

export async function planSqliteList(reads: Kysely<Database>, query: KeyListQuery): Promise<SqlitePlan> {
  let best: Picker | null = null;
  let bestCount = FEW + 1;
  for (const picker of buildPickers(query)) {
    const count = await countRows(reads, picker, bestCount);
    if (count < bestCount) [best, bestCount] = [picker, count];
    if (count === 0) break;
  }
  return { picker: best, isWhole: !isFiltered(query) };
}

/** How many rows there are, as far as `most`. */
async function countRows(reads: Kysely<Database>, picker: Picker, most: number): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from (select 1 from (${picker}) limit ${most})`.execute(reads);
  return rows[0]?.total ?? 0;
}

function isFiltered({ scope, page, size, sortBy, sortOrder, nowMs, ...filters }: KeyListQuery): boolean {
  return scope !== 'all' || Object.values(filters).some((value) => value !== undefined && value !== '');
}
