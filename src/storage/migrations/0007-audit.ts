/**
 * Makes the audit log a hash chain. The rows that are there are numbered in the order of their time and chained as they
 * stand; columns that they did not have stay empty. The table is built anew, since SQLite changes no primary key.
 */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { AuditEntry } from '../../core/audit.ts';
import { type AuditRow, type AuditText, GENESIS_HASH, hashAuditRow } from '../../core/audit-chain.ts';
import type { AuditSeal } from '../../core/audit-seal.ts';
import { toAuditColumns } from '../audit/audit-rows.ts';
import type { Database, DialectName } from '../database.ts';
import { textType } from './column-types.ts';

const TEXT_COLUMNS = [
  'id',
  'action',
  'table_name',
  'object_id',
  'changed_by',
  'changed_by_hash',
  'caller_kind',
  'request_id',
  'prev_hash',
  'hash',
] as const;
const OPTIONAL_TEXT_COLUMNS = [
  'object_key_id',
  'object_name',
  'caller_user_id',
  'caller_key_id',
  'caller_session_id',
  'source_ip',
  'user_agent',
  'route',
  'before',
  'after',
  'mac',
] as const;
/** Each finds its newest rows without reading the log. */
const FILTER_COLUMNS = ['object_id', 'action', 'table_name', 'changed_by', 'changed_by_hash'] as const;
const BATCH = 200;

export async function chainAudit(db: Kysely<unknown>, dialect: DialectName, seal: AuditSeal | null): Promise<void> {
  await db.schema.alterTable('audit_log').renameTo('audit_log_0002').execute();
  if (dialect === 'postgres') await sql`alter index audit_log_pkey rename to audit_log_0002_pkey`.execute(db);
  await createTables(db, dialect);
  const head = await copyRows(db as Kysely<OldDatabase>, seal);
  await (db as Kysely<OldDatabase>)
    .insertInto('audit_head')
    .values({ name: 'head', ...head, mac: seal === null ? null : seal.headMac(head.seq, head.hash) })
    .execute();
  await db.schema.dropTable('audit_log_0002').execute();
  await createIndexes(db);
}

async function createTables(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  // `integer` is what SQLite stores the rows by.
  let log: CreateTableBuilder<string, string> = db.schema
    .createTable('audit_log')
    .addColumn('seq', dialect === 'sqlite' ? 'integer' : 'bigint', (column) => column.notNull().primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull());
  for (const name of TEXT_COLUMNS) log = log.addColumn(name, text, (column) => column.notNull());
  for (const name of OPTIONAL_TEXT_COLUMNS) log = log.addColumn(name, text);
  await log.execute();
  await db.schema
    .createTable('audit_head')
    .addColumn('name', text, (column) => column.notNull().primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .addColumn('mac', text)
    .execute();
}

async function createIndexes(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('audit_log_id').unique().on('audit_log').column('id').execute();
  await db.schema.createIndex('audit_log_by_time').on('audit_log').columns(['at_ms', 'seq']).execute();
  for (const column of FILTER_COLUMNS) {
    await db.schema.createIndex(`audit_log_by_${column}`).on('audit_log').columns([column, 'at_ms', 'seq']).execute();
  }
  await db.schema
    .createIndex('audit_log_by_object_key_id')
    .on('audit_log')
    .columns(['object_key_id', 'at_ms', 'seq'])
    .where(sql<boolean>`object_key_id is not null`)
    .execute();
}

interface OldRow {
  id: string;
  at_ms: number;
  changed_by: string;
  changed_by_hash: string;
  request_id: string;
  source_ip: string | null;
  action: string;
  table_name: string;
  object_id: string;
  before: string | null;
  after: string | null;
}

type OldDatabase = Database & { audit_log_0002: OldRow };

async function copyRows(db: Kysely<OldDatabase>, seal: AuditSeal | null): Promise<{ seq: number; hash: string }> {
  let last = { seq: 0, hash: GENESIS_HASH };
  let after: OldRow | undefined;
  for (;;) {
    const page = await readPage(db, after);
    const rows = page.map((row) => {
      const next = chain(last, row, seal);
      last = next;
      return toAuditColumns(next);
    });
    if (rows.length > 0) await db.insertInto('audit_log').values(rows).execute();
    after = page.at(-1);
    if (page.length < BATCH) return { seq: last.seq, hash: last.hash };
  }
}

type OldRowOfKey = OldRow & { key_id: string | null };

function readPage(db: Kysely<OldDatabase>, after: OldRow | undefined): Promise<OldRowOfKey[]> {
  let query = db
    .selectFrom('audit_log_0002 as old')
    // Rows of keys are named after the hash that the key had; its lasting name is found by that.
    .leftJoin('key_secrets', 'key_secrets.hash', 'old.object_id')
    .selectAll('old')
    .select('key_secrets.key_id');
  if (after !== undefined) {
    const { at_ms: atMs, id } = after;
    query = query.where((eb) =>
      eb.or([eb('old.at_ms', '>', atMs), eb.and([eb('old.at_ms', '=', atMs), eb('old.id', '>', id)])]),
    );
  }
  return query.orderBy('old.at_ms').orderBy('old.id').limit(BATCH).execute();
}

function chain(last: { seq: number; hash: string }, old: OldRowOfKey, seal: AuditSeal | null): AuditRow {
  const text: AuditText = {
    id: old.id,
    atMs: old.at_ms,
    action: old.action as AuditEntry['action'],
    tableName: old.table_name,
    objectId: old.object_id,
    objectKeyId: old.key_id,
    objectName: null,
    changedBy: old.changed_by,
    changedByHash: old.changed_by_hash,
    callerKind: 'unknown',
    callerUserId: null,
    callerKeyId: null,
    callerSessionId: null,
    requestId: old.request_id,
    sourceIp: old.source_ip,
    userAgent: null,
    route: null,
    before: old.before,
    after: old.after,
  };
  const seq = last.seq + 1;
  const hash = hashAuditRow(seq, last.hash, text);
  return { ...text, seq, prevHash: last.hash, hash, mac: seal === null ? null : seal.rowMac(hash) };
}
