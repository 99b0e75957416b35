import { SPEND_COLUMNS } from './record-row.ts';

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
];
const DAILY_SUMS = ['calls', 'failures', 'prompt_tokens', 'completion_tokens', 'cache_read_tokens', 'spend_nano_usd'];

/** Upserts that add `sums` to the row with the same `keys`. Rows arrive sorted, so that two processes never deadlock. */
function buildAdd(dialect: LedgerDialect, table: string, keys: readonly string[], sums: readonly string[]): string {
  const columns = [...keys, ...sums];
  const rows =
    dialect === 'sqlite'
      ? `select ${columns.map((column) => `value ->> '${column}'`).join(', ')} from json_each(?) where true`
      : `select * from json_to_recordset($1::json) as r(${[
          ...keys.map((column) => `${column} text`),
          ...sums.map((column) => `${column} bigint`),
        ].join(', ')})`;
  const additions = sums.map((column) => `${column} = ${table}.${column} + excluded.${column}`);
  return `insert into ${table} (${columns.join(', ')}) ${rows} on conflict (${keys.join(', ')}) do update set ${additions.join(', ')}`;
}

function buildInsertRecords(dialect: LedgerDialect): string {
  const columns = SPEND_COLUMNS.map(({ column }) => column).join(', ');
  const conflict = 'on conflict (request_id) do nothing';
  if (dialect === 'sqlite') {
    const values = SPEND_COLUMNS.map((_, index) => `record ->> ${index}`);
    // The limit keeps SQLite from folding the inner query into the outer one and parsing each record once per column.
    return `insert into spend_logs (${columns}) select ${values.join(', ')}
      from (select jsonb(value) as record from json_each(cast(? as text)) limit -1) where true ${conflict}`;
  }
  const values = SPEND_COLUMNS.map(({ kind }, index) => {
    if (kind === 'bigint') return `(record ->> ${index})::bigint`;
    return kind === 'flag' ? `(record ->> ${index})::boolean::int` : `record ->> ${index}`;
  });
  return `insert into spend_logs (${columns}) select ${values.join(', ')}
    from jsonb_array_elements($1::jsonb) as records(record) ${conflict}`;
}

function buildLedgerSql(dialect: LedgerDialect): LedgerSql {
  return {
    insertRecords: buildInsertRecords(dialect),
    insertRecordsReturning: `${buildInsertRecords(dialect)} returning request_id`,
    addBalances: buildAdd(dialect, 'balances', ['counter'], ['nano_usd']),
    addDaily: buildAdd(dialect, 'daily_spend', DAILY_KEYS, DAILY_SUMS),
    addDailyTags: buildAdd(dialect, 'daily_tag_spend', ['day', 'tag'], ['calls', 'spend_nano_usd']),
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
