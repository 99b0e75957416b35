import { DAY_MS } from '../core/duration.ts';
import type { LedgerDialect } from './ledger-sql.ts';
import { RECORD_SQL } from './record-sql.ts';

/** Statements that take the rows of some calls away; all have the same parameters, which say which calls. */
export interface ExpirySql {
  /** Their ids, so that none of them is counted again. */
  keepIds: string;
  /** What they moved balances by. */
  keepBalances: string;
  /** What their days add up to. */
  keepDays: string;
  deleteRows: string;
}

/** `ofThese`: the condition that rows of spend_logs meet. */
export function buildExpirySql(dialect: LedgerDialect, ofThese: string): ExpirySql {
  const { deltas, dayOf, tokens, tags } = RECORD_SQL[dialect];
  const sum = (what: string) => `cast(sum(${what}) as bigint)`;
  const add = (table: string, columns: readonly string[]) =>
    `do update set ${columns.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')}`;
  return {
    keepIds: `insert into expired_calls (started_at_ms, request_id)
      select started_at_ms, request_id from spend_logs where ${ofThese} on conflict do nothing`,
    keepBalances: `insert into expired_balances (counter, nano_usd)
      select counter, ${sum('nano_usd')} from (${deltas} where ${ofThese}) as deltas where true group by counter
      on conflict (counter) ${add('expired_balances', ['nano_usd'])}`,
    keepDays: `insert into expired_days (day, calls, tokens, spend_nano_usd, tag_spend_nano_usd)
      select ${dayOf('min(started_at_ms)')}, count(*), ${sum(tokens)}, ${sum('spend_nano_usd')}, ${sum(`spend_nano_usd * (${tags})`)}
      from spend_logs where ${ofThese} group by started_at_ms / ${DAY_MS}
      on conflict (day) ${add('expired_days', ['calls', 'tokens', 'spend_nano_usd', 'tag_spend_nano_usd'])}`,
    deleteRows: `delete from spend_logs where ${ofThese}`,
  };
}
