/**
 * SQLite plans without knowing how many keys a filter leaves, and is wrong by seconds where it guesses badly on a
 * million keys. So the counts, of which a list needs one anyway, decide here.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { KeyListQuery } from '../storage.ts';
import { buildKeyFilters, type FilterHints, toPhrase, toSearchTerm } from './key-filters.ts';

export interface ListPlan {
  total: number;
  hints: FilterHints;
}

/** Below three characters there are no trigrams to look up. */
const MIN_FULL_TEXT_TERM = 3;

export async function planSqliteList(reads: Kysely<Database>, query: KeyListQuery): Promise<ListPlan> {
  const { total, search } = await countMatching(reads, query);
  const wanted = query.page * query.size;
  // Following the order passes over all / total keys for each that it finds; sorting what the filters find takes total.
  const skipIndexes = total > wanted && total * total > wanted * (await countAll(reads));
  return { total, hints: { dialect: 'sqlite', skipIndexes, search: skipIndexes ? 'text' : search } };
}

async function countMatching(
  reads: Kysely<Database>,
  query: KeyListQuery,
): Promise<{ total: number; search: FilterHints['search'] }> {
  const { search: text, ...rest } = query;
  const term = toSearchTerm(text ?? '');
  // The full-text table holds live keys only.
  if ([...term].length < MIN_FULL_TEXT_TERM || query.status === 'deleted') {
    return { total: await countFiltered(reads, query, 'text'), search: 'text' };
  }
  const found = await countFound(reads, term);
  if (found === 0 || !isFiltered(rest)) return { total: found, search: 'full_text' };
  const search = found <= (await countFiltered(reads, rest, 'text')) ? 'full_text' : 'text';
  return { total: await countFiltered(reads, query, search), search };
}

async function countFiltered(
  reads: Kysely<Database>,
  query: KeyListQuery,
  search: FilterHints['search'],
): Promise<number> {
  if (!isFiltered(query)) return (await countAll(reads)) - (await countDeleted(reads));
  const { total } = await reads
    .selectFrom('keys')
    .where((eb) => eb.and(buildKeyFilters(eb, query, { dialect: 'sqlite', skipIndexes: false, search })))
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return total;
}

/** Without a condition SQLite counts the pages of its smallest index, which takes no time. */
async function countAll(reads: Kysely<Database>): Promise<number> {
  const query = reads.selectFrom('keys').select((eb) => eb.fn.countAll<number>().as('total'));
  return (await query.executeTakeFirstOrThrow()).total;
}

async function countDeleted(reads: Kysely<Database>): Promise<number> {
  const query = reads.selectFrom('keys').select((eb) => eb.fn.countAll<number>().as('total'));
  return (await query.where('deleted_at_ms', 'is not', null).executeTakeFirstOrThrow()).total;
}

async function countFound(reads: Kysely<Database>, term: string): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from key_search where key_search match ${toPhrase(term)}`.execute(reads);
  return rows[0]?.total ?? 0;
}

function isFiltered({ scope, page, size, sortBy, sortOrder, nowMs, ...filters }: KeyListQuery): boolean {
  return scope !== 'all' || Object.values(filters).some((value) => value !== undefined && value !== '');
}
