import type { Kysely } from 'kysely';
import type { AuditEntry } from '../../core/audit.ts';
import type { OwnerTable } from '../../core/change-event.ts';
import { SEALED_TABLES, type SealedTable } from '../../core/sealed-texts.ts';
import type { Database } from '../database.ts';
import { announceKey } from '../keys/key-writes.ts';
import { untyped } from '../owners/record-query.ts';
import type { WriteContext, Writer } from '../writer.ts';
import { readSealedPage, type SealedPage } from './read-sealed.ts';

/** New texts for a row's columns, each in the place of a known one. */
export interface SealedChange {
  id: string;
  texts: readonly { column: string; from: string; to: string }[];
}

export interface ResealingStep {
  /** What the note says, and is to say. */
  from: string | undefined;
  to: string;
  table?: SealedTable;
  changes?: readonly SealedChange[];
  audit?: AuditEntry;
}

/** For whoever seals stored credentials anew. */
export interface SealedStore {
  page(table: SealedTable, after: string, limit: number): Promise<SealedPage>;
  note(): Promise<string | undefined>;
  /**
   * One transaction: the note, the rows, their events in the change feed. Rows that somebody has changed meanwhile stay as
   * they are. How many were written; null, and nothing was: the note says something else by now.
   */
  take(step: ResealingStep): Promise<number | null>;
}

/** The setting that the note is kept in. */
const RESEALING_SETTING = 'sealed_credentials';

export function createSealedStore(reads: Kysely<Database>, write: Writer): SealedStore {
  return {
    page: (table, after, limit) => readSealedPage(reads, table, after, limit),
    note: () => readResealingNote(reads),
    take: ({ from, to, table, changes = [], audit }) =>
      write(async (context) => {
        if (!(await replaceNote(context, from, to))) return null;
        let written = 0;
        for (const change of changes) {
          const row = await replaceTexts(context, table as SealedTable, change);
          if (row === undefined) continue;
          // Whoever hears of one model reads all of them again.
          if (table !== 'models' || written === 0) await announceRow(context, table as SealedTable, row);
          written += 1;
        }
        if (audit !== undefined) context.audit([audit]);
        return written;
      }),
  };
}

/** The note, for whoever only looks. */
export async function readResealingNote(db: Kysely<Database>): Promise<string | undefined> {
  const query = db.selectFrom('settings').select('value').where('name', '=', RESEALING_SETTING);
  return (await query.executeTakeFirst())?.value;
}

async function replaceNote({ trx, nowMs }: WriteContext, from: string | undefined, to: string): Promise<boolean> {
  const values = { value: to, updated_at_ms: nowMs };
  const written =
    from === undefined
      ? await trx
          .insertInto('settings')
          .values({ name: RESEALING_SETTING, ...values })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .returning('name')
          .executeTakeFirst()
      : await trx
          .updateTable('settings')
          .set(values)
          .where('name', '=', RESEALING_SETTING)
          .where('value', '=', from)
          .returning('name')
          .executeTakeFirst();
  return written !== undefined;
}

interface WrittenRow {
  id: string;
  deleted_at_ms?: number | null;
  blocked?: number | null;
  expires_at_ms?: number | null;
}

const TOLD_OF: Readonly<Record<SealedTable, readonly string[]>> = {
  models: ['deleted_at_ms'],
  alerts: [],
  teams: ['deleted_at_ms', 'blocked'],
  keys: ['deleted_at_ms', 'blocked', 'expires_at_ms'],
  users: ['deleted_at_ms', 'blocked'],
  organizations: ['deleted_at_ms', 'blocked'],
  end_users: ['deleted_at_ms', 'blocked'],
  tags: ['deleted_at_ms', 'blocked'],
};

/** All of them, or none where one is not what it was. */
async function replaceTexts(
  { trx }: WriteContext,
  table: SealedTable,
  { id, texts }: SealedChange,
): Promise<WrittenRow | undefined> {
  const { key } = SEALED_TABLES[table];
  let query = untyped(trx)
    .updateTable(table)
    .set(Object.fromEntries(texts.map(({ column, to }) => [column, to])))
    .where(key, '=', id);
  for (const { column, from } of texts) query = query.where(column, '=', from);
  const row = await query.returning([`${key} as id`, ...TOLD_OF[table]]).executeTakeFirst();
  return row as WrittenRow | undefined;
}

/** What others have cached of it is to be read anew; what it may do is as before. */
async function announceRow(context: WriteContext, table: SealedTable, row: WrittenRow): Promise<void> {
  if (table === 'alerts') return;
  const { id, deleted_at_ms: deletedAtMs = null, blocked = null, expires_at_ms: expiresAtMs = null } = row;
  if (table === 'keys') {
    return announceKey(context, { keyId: id, deletedAtMs, blocked: blocked === 1, expiresAtMs });
  }
  const usable = deletedAtMs === null && blocked !== 1;
  context.announce({ kind: 'owner', table: table satisfies OwnerTable, id, userId: null, usable });
}
