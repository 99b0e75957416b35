import { RECORD_POSITIONS } from '../core/record-row.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import type { LedgerDialect } from './ledger-sql.ts';

/** How a database takes the records in spend_logs apart. */
export interface RecordSql {
  /** A statement, to which a condition may be added: what each call moved, as (counter, nano_usd). */
  deltas: string;
  /** The UTC day of a moment, YYYY-MM-DD. Formatting costs PostgreSQL more than the rest of a row: once for many rows. */
  dayOf: (ms: string) => string;
  /** Tokens of every kind of a call. */
  tokens: string;
  /** How many tags a call has. */
  tags: string;
}

const TOKENS: readonly (keyof SpendRecord)[] = [
  'promptTokens',
  'completionTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
];

/** On PostgreSQL. */
const TAGS = `record -> ${RECORD_POSITIONS.tags}`;

/** The sum of a call's tokens; `number` reads one of a record's numbers. */
function addTokens(number: (position: number) => string): string {
  return TOKENS.map((field) => number(RECORD_POSITIONS[field])).join(' + ');
}

export const RECORD_SQL: Readonly<Record<LedgerDialect, RecordSql>> = {
  sqlite: {
    deltas: `select delta.value ->> 'counter' as counter, delta.value ->> 'nanoUsd' as nano_usd
     from spend_logs, json_each(spend_logs.record, '$[${RECORD_POSITIONS.balances}]') as delta`,
    dayOf: (ms) => `date(${ms} / 1000, 'unixepoch')`,
    tokens: addTokens((position) => `(record ->> ${position})`),
    tags: `(select count(distinct value) from json_each(spend_logs.record, '$[${RECORD_POSITIONS.tags}]'))`,
  },
  postgres: {
    deltas: `select delta ->> 'counter' as counter, (delta ->> 'nanoUsd')::bigint as nano_usd
     from spend_logs, jsonb_array_elements(spend_logs.record -> ${RECORD_POSITIONS.balances}) as delta`,
    dayOf: (ms) => `to_char(to_timestamp(${ms} / 1000) at time zone 'UTC', 'YYYY-MM-DD')`,
    tokens: addTokens((position) => `(record ->> ${position})::bigint`),
    // Few calls have tags to be counted, and to begin a query for a row takes longer than the row.
    tags: `case when jsonb_array_length(${TAGS}) < 2 then jsonb_array_length(${TAGS})
      else (select count(distinct tag) from jsonb_array_elements_text(${TAGS}) as tag) end`,
  },
};
