/** The ledger: a row for every call, the balances that budgets are held against, and the daily sums of reports. */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

const OPTIONAL_TEXT_COLUMNS = [
  'response_id',
  'key_id',
  'key_alias',
  'user_id',
  'team_id',
  'organization_id',
  'end_user',
  'model_group',
  'deployment_id',
  'provider',
  'api_base',
  'source_ip',
  'session_id',
  'error_type',
  'messages',
  'response',
] as const;
const TEXT_COLUMNS = ['call_type', 'status', 'key_hash', 'tags', 'model', 'metadata', 'balances'] as const;
const NUMBER_COLUMNS = [
  'started_at_ms',
  'ended_at_ms',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'usage_estimated',
  'spend_nano_usd',
  'stream',
  'http_status',
] as const;
/** Most rows have none of the last three, and only those that do are worth an entry. */
const INDEXED_OWNERS = ['key_id', 'user_id', 'team_id', 'end_user'] as const;

const DAILY_KEY = [
  'day',
  'key_id',
  'key_hash',
  'user_id',
  'team_id',
  'organization_id',
  'end_user',
  'model',
  'model_group',
  'provider',
] as const;
const DAILY_SUMS = [
  'calls',
  'failures',
  'prompt_tokens',
  'completion_tokens',
  'cache_read_tokens',
  'spend_nano_usd',
] as const;

export async function createSpend(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  await createSpendLogs(db, dialect);
  await createBalances(db, dialect);
  await createDailySums(db, dialect);
}

async function createSpendLogs(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  let table: CreateTableBuilder<string, string> = db.schema.createTable('spend_logs');
  table = table.addColumn('request_id', text, (column) => column.notNull().primaryKey());
  for (const name of TEXT_COLUMNS) table = table.addColumn(name, text, (column) => column.notNull());
  for (const name of OPTIONAL_TEXT_COLUMNS) table = table.addColumn(name, text);
  for (const name of NUMBER_COLUMNS) table = table.addColumn(name, 'bigint', (column) => column.notNull());
  await table.addColumn('first_token_at_ms', 'bigint').execute();

  const at = ['started_at_ms', 'request_id'];
  await db.schema.createIndex('spend_logs_at').on('spend_logs').columns(at).execute();
  for (const owner of INDEXED_OWNERS) {
    await db.schema
      .createIndex(`spend_logs_${owner}`)
      .on('spend_logs')
      .columns([owner, ...at])
      .where(sql<boolean>`${sql.ref(owner)} is not null`)
      .execute();
  }
  // Calls of the master key. Those of other keys are found by key_id.
  await db.schema
    .createIndex('spend_logs_key_hash')
    .on('spend_logs')
    .columns(['key_hash', ...at])
    .where(sql<boolean>`key_id is null`)
    .execute();
  await db.schema
    .createIndex('spend_logs_response_id')
    .on('spend_logs')
    .column('response_id')
    .where(sql<boolean>`response_id is not null`)
    .execute();
}

async function createBalances(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await db.schema
    .createTable('balances')
    .addColumn('counter', text, (column) => column.notNull().primaryKey())
    .addColumn('nano_usd', 'bigint', (column) => column.notNull())
    .addColumn('key_id', text)
    .execute();
  const ofKeys = sql<boolean>`key_id is not null`;
  await db.schema.createIndex('balances_key').on('balances').columns(['key_id', 'nano_usd']).where(ofKeys).execute();
  await db.schema
    .createIndex('balances_key_spend')
    .on('balances')
    .columns(['nano_usd', 'key_id'])
    .where(ofKeys)
    .execute();

  await db.schema
    .createTable('balance_adjustments')
    .addColumn('id', text, (column) => column.notNull().primaryKey())
    .addColumn('counter', text, (column) => column.notNull())
    .addColumn('delta_nano_usd', 'bigint', (column) => column.notNull())
    .addColumn('reason', text, (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('balance_adjustments_counter')
    .on('balance_adjustments')
    .columns(['counter', 'at_ms'])
    .execute();
}

async function createDailySums(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  let daily: CreateTableBuilder<string, string> = db.schema.createTable('daily_spend');
  for (const name of DAILY_KEY) daily = daily.addColumn(name, text, (column) => column.notNull());
  for (const name of DAILY_SUMS) daily = daily.addColumn(name, 'bigint', (column) => column.notNull());
  await daily.addPrimaryKeyConstraint('daily_spend_pkey', [...DAILY_KEY]).execute();
  await db.schema.createIndex('daily_spend_key').on('daily_spend').columns(['key_id', 'day']).execute();
  await db.schema.createIndex('daily_spend_user').on('daily_spend').columns(['user_id', 'day']).execute();

  await db.schema
    .createTable('daily_tag_spend')
    .addColumn('day', text, (column) => column.notNull())
    .addColumn('tag', text, (column) => column.notNull())
    .addColumn('calls', 'bigint', (column) => column.notNull())
    .addColumn('spend_nano_usd', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('daily_tag_spend_pkey', ['day', 'tag'])
    .execute();
}
