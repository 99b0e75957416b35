import { RECORD_POSITIONS } from '../core/record-row.ts';
import type { SpendRecord } from '../core/spend-record.ts';

/** The databases that a ledger can be kept in. */
export type LedgerDialect = 'sqlite' | 'postgres';

/** Statements with one parameter each: a JSON array of the rows (of records: of their values, for SQLite as bytes). */
export interface LedgerSql {
  /** Inserts records that are not there yet and says how many it inserted. */
  insertRecords: string;
  /** The same, and returns the request ids of those that it inserted. */
  insertRecordsReturning: string;
  addBalances: string;
  addDaily: string;
  addDailyTags: string;
  /** The parameter is a JSON array of counters. */
  selectBalances: string;
}

/** What of a record is a column of its own in spend_logs; `record` is all of it, as it stands in the journal. */
const SPEND_COLUMNS: readonly { column: string; field: keyof SpendRecord; kind: 'text' | 'bigint' }[] = [
  { column: 'request_id', field: 'requestId', kind: 'text' },
  { column: 'response_id', field: 'responseId', kind: 'text' },
  { column: 'status', field: 'status', kind: 'text' },
  { column: 'started_at_ms', field: 'startedAtMs', kind: 'bigint' },
  { column: 'key_id', field: 'keyId', kind: 'text' },
  { column: 'key_hash', field: 'keyHash', kind: 'text' },
  { column: 'user_id', field: 'userId', kind: 'text' },
  { column: 'team_id', field: 'teamId', kind: 'text' },
  { column: 'organization_id', field: 'organizationId', kind: 'text' },
  { column: 'end_user', field: 'endUser', kind: 'text' },
  { column: 'model', field: 'model', kind: 'text' },
  { column: 'spend_nano_usd', field: 'spendNanoUsd', kind: 'bigint' },
];

const DAILY_KEYS = [
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
  'tag_set',
];
const DAILY_SUMS = [
  'calls',
  'failures',
  'prompt_tokens',
  'completion_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'spend_nano_usd',
];

/**
 * Upserts that add `sums` to the row with the same `keys`; `texts` follow from the keys and are written once. Rows arrive
 * sorted, so that two processes never deadlock.
 */
function buildAdd(
  dialect: LedgerDialect,
  table: string,
  { keys, texts = [], sums }: { keys: readonly string[]; texts?: readonly string[]; sums: readonly string[] },
): string {
  const columns = [...keys, ...texts, ...sums];
  const rows =
    dialect === 'sqlite'
      ? `select ${columns.map((column) => `value ->> '${column}'`).join(', ')} from jsonb_each(?) where true`
      : `select * from json_to_recordset($1::json) as r(${[
          ...[...keys, ...texts].map((column) => `${column} text`),
          ...sums.map((column) => `${column} bigint`),
        ].join(', ')})`;
  const additions = sums.map((column) => `${column} = ${table}.${column} + excluded.${column}`);
  return `insert into ${table} (${columns.join(', ')}) ${rows} on conflict (${keys.join(', ')}) do update set ${additions.join(', ')}`;
}

/**
 * A call whose row is gone was counted, and is not counted again. Only old calls can be among those: for the others the
 * one look at the youngest of these is all.
 */
function isNotExpired(startedAtMs: string, requestId: string): string {
  return `(${startedAtMs} > (select coalesce(max(started_at_ms), -1) from expired_calls)
      or not exists (select 1 from expired_calls where started_at_ms = ${startedAtMs} and request_id = ${requestId}))`;
}

function buildInsertRecords(dialect: LedgerDialect): string {
  const read = (field: keyof SpendRecord, kind: 'text' | 'bigint' = 'text') =>
    dialect === 'sqlite' ? `value ->> ${RECORD_POSITIONS[field]}` : `(record ->> ${RECORD_POSITIONS[field]})::${kind}`;
  const columns = SPEND_COLUMNS.map(({ column }) => column).join(', ');
  const values = SPEND_COLUMNS.map(({ field, kind }) => read(field, kind)).join(', ');
  // On PostgreSQL without saying which index: there may be one for every part of the table (a call begins at one time,
  // so it belongs to one part).
  const conflict = dialect === 'sqlite' ? 'on conflict (request_id) do nothing' : 'on conflict do nothing';
  // In SQLite's binary form each record is parsed once, and stored as it was parsed.
  const [record, rows] =
    dialect === 'sqlite'
      ? ['value', 'jsonb_each(cast(? as text))']
      : ['record', 'jsonb_array_elements($1::jsonb) as records(record)'];
  return `insert into spend_logs (${columns}, record) select ${values}, ${record} from ${rows}
    where ${isNotExpired(read('startedAtMs', 'bigint'), read('requestId'))} ${conflict}`;
}

function buildLedgerSql(dialect: LedgerDialect): LedgerSql {
  return {
    insertRecords: buildInsertRecords(dialect),
    insertRecordsReturning: `${buildInsertRecords(dialect)} returning request_id`,
    addBalances: buildAdd(dialect, 'balances', { keys: ['counter'], sums: ['nano_usd'] }),
    addDaily: buildAdd(dialect, 'daily_spend', { keys: DAILY_KEYS, texts: ['tags'], sums: DAILY_SUMS }),
    addDailyTags: buildAdd(dialect, 'daily_tag_spend', {
      keys: ['day', 'tag'],
      sums: ['calls', 'spend_nano_usd'],
    }),
    selectBalances:
      dialect === 'sqlite'
        ? 'select counter, nano_usd from balances where counter in (select value from json_each(?))'
        : 'select counter, nano_usd from balances where counter in (select json_array_elements_text($1::json))',
  };
}

export const LEDGER_SQL: Readonly<Record<LedgerDialect, LedgerSql>> = {
  sqlite: buildLedgerSql('sqlite'),
  postgres: buildLedgerSql('postgres'),
};
