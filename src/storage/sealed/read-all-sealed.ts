import { type Kysely, sql } from 'kysely';
import { SEALED_TABLE_NAMES, type SealedTable } from '../../core/sealed-texts.ts';
import type { Database } from '../database.ts';
import type { PasswordSource } from '../password-command.ts';
import { readPresent } from '../takeover/look-at-known.ts';
import { readSealedPage, type SealedRow } from './read-sealed.ts';
import { readResealingNote } from './sealed-store.ts';

export interface SealedReading {
  /** How many rows of the audit log name which key. */
  auditKeys: { keyId: string; rows: number }[];
  /** What the gateways note of their sealing anew. */
  note: string | undefined;
}

const PAGE = 1_000;

/** Hands over every row that holds something sealed, from one moment. Null: the database has not this version's tables. */
export async function readSealed(
  url: string,
  password: PasswordSource | undefined,
  onRow: (table: SealedTable, row: SealedRow) => void,
): Promise<SealedReading | null> {
  const work = async (db: Kysely<Database>): Promise<SealedReading> => {
    for (const table of SEALED_TABLE_NAMES) {
      let after: string | null = '';
      while (after !== null) {
        const page: Awaited<ReturnType<typeof readSealedPage>> = await readSealedPage(db, table, after, PAGE);
        for (const row of page.rows) onRow(table, row);
        after = page.last;
      }
    }
    return { auditKeys: await countAuditKeys(db), note: await readResealingNote(db) };
  };
  return readPresent(url, work, password);
}

/** A MAC begins with the id of its key, which has 16 characters. */
async function countAuditKeys(db: Kysely<Database>): Promise<SealedReading['auditKeys']> {
  const keyId = sql<string>`substr(mac, 1, 16)`;
  const rows = await db
    .selectFrom('audit_log')
    .select(({ fn }) => [keyId.as('key_id'), fn.countAll<number>().as('rows')])
    .where('mac', 'is not', null)
    .groupBy(keyId)
    .execute();
  return rows.map((row) => ({ keyId: row.key_id, rows: Number(row.rows) }));
}
