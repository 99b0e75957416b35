import type { Kysely } from 'kysely';
import { SEALED } from '../../core/callback-secrets.ts';
import { SEALED_TABLES, type SealedTable } from '../../core/sealed-texts.ts';
import type { Database } from '../database.ts';
import { untyped } from '../owners/record-query.ts';

/** A row that holds something sealed: those of its columns that do. */
export interface SealedRow {
  id: string;
  texts: Readonly<Record<string, string>>;
}

export interface SealedPage {
  /** By id, of rows that were looked at. */
  rows: SealedRow[];
  /** The last one that was looked at; null: the table ends here. */
  last: string | null;
}

/**
 * Looks at `limit` rows behind `after`, deleted ones among them, for sealed texts. (Alerts of one name could be in two
 * pages; of those with a secret there is one of a name.)
 */
export async function readSealedPage(
  db: Kysely<Database>,
  table: SealedTable,
  after: string,
  limit: number,
): Promise<SealedPage> {
  const { key, columns } = SEALED_TABLES[table];
  const names = columns.map(({ column }) => column);
  const rows = await untyped(db)
    .selectFrom(table)
    .select(`${key} as row_id`)
    // What holds nothing sealed stays in the database.
    .select((eb) =>
      names.map((name) => eb.case().when(name, 'like', `%${SEALED}%`).then(eb.ref(name)).else(null).end().as(name)),
    )
    .where(key, '>', after)
    .orderBy(key)
    .limit(limit)
    .execute();
  const found = rows.map((row) => ({
    id: row.row_id as string,
    texts: Object.fromEntries(names.flatMap((name) => (row[name] === null ? [] : [[name, row[name] as string]]))),
  }));
  return {
    rows: found.filter(({ texts }) => Object.keys(texts).length > 0),
    last: found.length < limit ? null : (found.at(-1)?.id ?? null),
  };
}
