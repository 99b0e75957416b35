import { CompiledQuery, type Kysely } from 'kysely';
import { RECORD_POSITIONS } from '../core/record-row.ts';
import type { LedgerDialect } from './ledger-sql.ts';

/** Two sums that ought to be one. `of` is a counter, or a day as YYYY-MM-DD. */
export interface LedgerDifference {
  kind: 'balance' | 'daily';
  of: string;
  /** What the rows add up to. */
  expectedNanoUsd: number;
  /** What the balance, or the day's rollup, says. */
  actualNanoUsd: number;
}

export interface LedgerCheck {
  /** Calls in the ledger, and what they cost. */
  calls: number;
  spendNanoUsd: number;
  /** How many sums differ; `differences` names the first hundred of each kind. */
  differing: number;
  differences: LedgerDifference[];
}

/**
 * Does the ledger add up? For every counter: balance = Σ of what calls moved it by + Σ of adjustments. For every day:
 * Σ of the daily sums = Σ of the calls' spend. One statement, so it sees one moment, beside live traffic too, and the
 * database does the adding. Over millions of rows it takes a while: give it a connection without a time limit.
 */
export async function checkLedger<Tables>(database: Kysely<Tables>, dialect: LedgerDialect): Promise<LedgerCheck> {
  const { rows } = await database.executeQuery<CheckRow>(CompiledQuery.raw(CHECKS[dialect]));
  const check: LedgerCheck = { calls: 0, spendNanoUsd: 0, differing: 0, differences: [] };
  const differing = new Map<string, number>();
  for (const { kind, name, expected, actual, total } of rows) {
    if (kind === 'total') {
      check.calls = Number(total);
      check.spendNanoUsd = Number(actual);
      continue;
    }
    differing.set(kind, Number(total));
    check.differences.push({ kind, of: name, expectedNanoUsd: Number(expected), actualNanoUsd: Number(actual) });
  }
  for (const count of differing.values()) check.differing += count;
  return check;
}

/** PostgreSQL's driver may hand out wide numbers as text. */
interface CheckRow {
  kind: 'total' | LedgerDifference['kind'];
  name: string;
  expected: number | string;
  actual: number | string;
  /** Of this kind, named or not. */
  total: number | string;
}

/** Rows of (name, expected, actual), any number a name → the names whose sums differ. */
function buildComparison(kind: LedgerDifference['kind'], parts: string): string {
  return `select * from (
    select '${kind}' as kind, name, expected, actual, count(*) over () as total from (
      select name, sum(expected) as expected, sum(actual) as actual from (${parts}) as parts group by name
    ) as sums where expected <> actual order by name limit 100
  ) as ${kind}_differences`;
}

function buildCheck(deltas: string, day: string): string {
  const balances = buildComparison(
    'balance',
    `select counter as name, nano_usd as actual, 0 as expected from balances
     union all select counter, 0, delta_nano_usd from balance_adjustments
     union all ${deltas}`,
  );
  const days = buildComparison(
    'daily',
    `select day as name, spend_nano_usd as actual, 0 as expected from daily_spend
     union all select ${day}, 0, spend_nano_usd from spend_logs`,
  );
  return `select 'total' as kind, '' as name, 0 as expected, coalesce(sum(spend_nano_usd), 0) as actual, count(*) as total
    from spend_logs union all ${balances} union all ${days}`;
}

const CHECKS: Readonly<Record<LedgerDialect, string>> = {
  sqlite: buildCheck(
    `select delta.value ->> 'counter', 0, delta.value ->> 'nanoUsd'
     from spend_logs, json_each(spend_logs.record, '$[${RECORD_POSITIONS.balances}]') as delta`,
    "date(started_at_ms / 1000, 'unixepoch')",
  ),
  postgres: buildCheck(
    `select delta ->> 'counter', 0, (delta ->> 'nanoUsd')::bigint
     from spend_logs, jsonb_array_elements(spend_logs.record -> ${RECORD_POSITIONS.balances}) as delta`,
    "to_char(to_timestamp(started_at_ms / 1000) at time zone 'UTC', 'YYYY-MM-DD')",
  ),
};
