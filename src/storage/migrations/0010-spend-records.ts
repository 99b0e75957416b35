/**
 * The ledger's rows anew. Every call adds one, so a row costs as little as it can: what is looked for or added up is a
 * column, the whole record is one value that is stored as the journal has it, and indexes are narrow.
 */
import { type CreateTableBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

const COLUMNS = [
  'request_id',
  'response_id',
  'status',
  'started_at_ms',
  'key_id',
  'key_hash',
  'user_id',
  'team_id',
  'organization_id',
  'end_user',
  'model',
  'spend_nano_usd',
] as const;
const NUMBERS: readonly string[] = ['started_at_ms', 'spend_nano_usd'];
const OPTIONAL: readonly string[] = ['response_id', 'key_id', 'user_id', 'team_id', 'organization_id', 'end_user'];
/** Most rows have none of the last three, and only those that do are worth an entry. */
const INDEXED_OWNERS = ['key_id', 'user_id', 'team_id', 'end_user'] as const;

export async function createSpendRecords(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  let table: CreateTableBuilder<string, string> = db.schema.createTable('spend_records');
  if (dialect === 'sqlite') table = table.addColumn('seq', 'integer', (column) => column.primaryKey());
  for (const name of COLUMNS) {
    table = table.addColumn(name, NUMBERS.includes(name) ? 'bigint' : text, (column) =>
      OPTIONAL.includes(name) ? column : column.notNull(),
    );
  }
  await table
    .addColumn('record', dialect === 'sqlite' ? 'blob' : 'jsonb', (column) => column.notNull())
    .addUniqueConstraint('spend_records_request_id', ['request_id'])
    .execute();

  const columns = sql.join(COLUMNS.map((name) => sql.ref(name)));
  await sql`insert into spend_records (${columns}, record)
    select ${columns}, ${buildRecord(dialect)} from spend_logs order by started_at_ms, request_id`.execute(db);
  await db.schema.dropTable('spend_logs').execute();
  await db.schema.alterTable('spend_records').renameTo('spend_logs').execute();
  await createIndexes(db, dialect);
}

/** The record as a journal has it, from the columns of an older row. */
function buildRecord(dialect: DialectName): RawBuilder<unknown> {
  const json = (name: string) =>
    dialect === 'sqlite' ? sql`json(${sql.ref(name)})` : sql`cast(${sql.ref(name)} as json)`;
  const flag = (name: string) =>
    dialect === 'sqlite' ? sql`json(iif(${sql.ref(name)}, 'true', 'false'))` : sql`${sql.ref(name)} <> 0`;
  const plain = (list: string) => sql.join(list.split(' ').map((name) => sql.ref(name)));
  return sql`${dialect === 'sqlite' ? sql`jsonb_array` : sql`jsonb_build_array`}(
    ${plain('request_id response_id call_type status started_at_ms ended_at_ms first_token_at_ms key_id key_hash')},
    ${plain('key_alias user_id team_id organization_id end_user')}, ${json('tags')},
    ${plain('model model_group deployment_id provider api_base prompt_tokens completion_tokens total_tokens')},
    ${plain('cache_read_tokens cache_write_tokens reasoning_tokens')}, ${flag('usage_estimated')}, spend_nano_usd,
    ${flag('stream')}, ${plain('source_ip session_id http_status error_type')}, ${json('metadata')},
    ${plain('messages response')}, ${json('balances')})`;
}

/** Rows of one millisecond are few enough to be sorted when they are read, so no index has to tell them apart. */
async function createIndexes(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const create = (name: string) => db.schema.createIndex(name).on('spend_logs');
  await create('spend_logs_at').column('started_at_ms').execute();
  for (const owner of INDEXED_OWNERS) {
    const present = sql<boolean>`${sql.ref(owner)} is not null`;
    await create(`spend_logs_${owner}`).columns([owner, 'started_at_ms']).where(present).execute();
  }
  // Calls of the master key. Those of other keys are found by key_id.
  const keyless = sql<boolean>`key_id is null`;
  await create('spend_logs_key_hash').columns(['key_hash', 'started_at_ms']).where(keyless).execute();
  // Upstreams' ids are random, so on SQLite they are indexed by the thousand: see find-response.ts.
  const response = dialect === 'sqlite' ? sql`seq >> 12, substr(response_id, -10)` : sql`response_id`;
  await sql`create index spend_logs_response_id on spend_logs (${response}) where response_id is not null`.execute(db);
}
