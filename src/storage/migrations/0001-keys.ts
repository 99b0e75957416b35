/**
 * Keys, their secrets and tags, and the notes that make a retried request harmless.
 *
 * The indexes serve the key list: each filter and each sort order finds its page without reading the table, and the
 * deleted keys, which only grow, are in none of them. Columns that may be null are indexed twice on PostgreSQL, since
 * "null last" in both directions needs it there; SQLite reads one index both ways.
 */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { createKeySearch } from './0001-key-search.ts';
import { textType } from './column-types.ts';

const JSON_OBJECT_COLUMNS = ['aliases', 'model_max_budget', 'metadata', 'permissions', 'config', 'extra'] as const;
const JSON_LIST_COLUMNS = ['models', 'allowed_cache_controls', 'allowed_routes'] as const;
const OPTIONAL_TEXT_COLUMNS = [
  'mask',
  'alias',
  'user_id',
  'team_id',
  'organization_id',
  'budget_id',
  'budget_duration',
  'budget_mode',
  'rotation_interval',
  'deleted_by',
] as const;
const OPTIONAL_NUMBER_COLUMNS = [
  'max_budget_nano_usd',
  'soft_budget_nano_usd',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
  'blocked',
  'expires_at_ms',
  'last_active_at_ms',
  'last_rotation_at_ms',
  'deleted_at_ms',
] as const;
const FILTER_COLUMNS = ['user_id', 'team_id', 'organization_id', 'created_by'] as const;
const SORT_COLUMNS = ['created_at_ms', 'updated_at_ms', 'hash'] as const;
const OPTIONAL_SORT_COLUMNS = ['max_budget_nano_usd', 'alias', 'mask', 'expires_at_ms', 'last_active_at_ms'] as const;

export async function createKeys(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await createKeyTable(db, dialect);
  await createKeyIndexes(db, dialect);
  await createKeySearch(db, dialect);

  await db.schema
    .createTable('key_secrets')
    .addColumn('hash', text, (column) => column.notNull().primaryKey())
    .addColumn('key_id', text, (column) => column.notNull().references('keys.key_id'))
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at_ms', 'bigint')
    .execute();
  await db.schema.createIndex('key_secrets_key_id').on('key_secrets').column('key_id').execute();

  await db.schema
    .createTable('key_tags')
    .addColumn('key_id', text, (column) => column.notNull().references('keys.key_id'))
    .addColumn('tag', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('key_tags_pkey', ['tag', 'key_id'])
    .execute();
  await db.schema.createIndex('key_tags_key_id').on('key_tags').column('key_id').execute();

  await db.schema
    .createTable('idempotency')
    .addColumn('id', text, (column) => column.notNull().primaryKey())
    .addColumn('body_hash', text, (column) => column.notNull())
    .addColumn('nonce', text, (column) => column.notNull())
    .addColumn('key_id', text, (column) => column.notNull())
    .addColumn('secret_hash', text, (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('idempotency_expires').on('idempotency').column('expires_at_ms').execute();
}

async function createKeyTable(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  let table: CreateTableBuilder<string, string> = db.schema.createTable('keys');
  // The full-text index of SQLite points at rows by number, and only a declared number survives a vacuum.
  if (dialect === 'sqlite') table = table.addColumn('row_no', 'integer', (column) => column.notNull().primaryKey());
  table = table
    .addColumn('key_id', text, (column) => (dialect === 'sqlite' ? column.notNull().unique() : column.primaryKey()))
    .addColumn('hash', text, (column) => column.notNull().unique());
  for (const name of OPTIONAL_TEXT_COLUMNS) table = table.addColumn(name, text);
  for (const name of OPTIONAL_NUMBER_COLUMNS) table = table.addColumn(name, 'bigint');
  for (const name of JSON_OBJECT_COLUMNS) table = table.addColumn(name, text, (column) => column.notNull());
  for (const name of JSON_LIST_COLUMNS) table = table.addColumn(name, text, (column) => column.notNull());
  await table
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('created_by', text, (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_by', text, (column) => column.notNull())
    .addColumn('rotation_count', 'bigint', (column) => column.notNull())
    .addColumn('auto_rotate', 'bigint', (column) => column.notNull())
    .addColumn('search_text', text, (column) => column.notNull())
    .execute();
}

async function createKeyIndexes(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const live = sql<boolean>`deleted_at_ms is null`;
  await db.schema
    .createIndex('keys_live_alias')
    .unique()
    .on('keys')
    .column('alias')
    .where(sql<boolean>`deleted_at_ms is null and alias is not null`)
    .execute();
  for (const name of FILTER_COLUMNS) {
    const columns = [name, 'created_at_ms', 'key_id'];
    await db.schema.createIndex(`keys_by_${name}`).on('keys').columns(columns).where(live).execute();
  }
  for (const name of [...SORT_COLUMNS, ...OPTIONAL_SORT_COLUMNS]) {
    await db.schema.createIndex(`keys_sort_${name}`).on('keys').columns([name, 'key_id']).where(live).execute();
  }
  if (dialect === 'postgres') {
    for (const name of OPTIONAL_SORT_COLUMNS) {
      await sql`create index ${sql.ref(`keys_sort_${name}_desc`)}
        on keys (${sql.ref(name)} desc nulls last, key_id desc) where ${live}`.execute(db);
    }
  }
  // Small, so that counting takes little; what is active can be told from it alone.
  await db.schema
    .createIndex('keys_standing')
    .on('keys')
    .columns(['expires_at_ms', 'blocked', 'deleted_at_ms'])
    .execute();
  await db.schema
    .createIndex('keys_blocked')
    .on('keys')
    .columns(['created_at_ms', 'key_id', 'expires_at_ms'])
    .where(sql<boolean>`blocked = 1 and deleted_at_ms is null`)
    .execute();
  await db.schema
    .createIndex('keys_deleted')
    .on('keys')
    .columns(['created_at_ms', 'key_id'])
    .where(sql<boolean>`deleted_at_ms is not null`)
    .execute();
}
