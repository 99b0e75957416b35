import { CompiledQuery, type Kysely } from 'kysely';
import type { LedgerDialect } from './ledger-sql.ts';
import { RECORD_SQL, type RecordSql } from './record-sql.ts';

/**
 * Two sums that ought to be one. `of` is a counter, or a day as YYYY-MM-DD. `daily`: what a day's calls cost;
 * `daily_calls`, `daily_tokens`: how many they are, and their tokens of every kind; `daily_tags`: what those with tags
 * cost, once for each tag.
 */
export interface LedgerDifference {
  kind: 'balance' | 'daily' | 'daily_calls' | 'daily_tokens' | 'daily_tags';
  of: string;
  /** What the rows add up to: nano-dollars, calls or tokens. */
  expected: number;
  /** What the balance, or the day's rollup, says. */
  actual: number;
}

export interface LedgerCheck {
  /** Calls in the ledger, those whose rows are gone included, and what they cost. */
  calls: number;
  spendNanoUsd: number;
  /** How many sums differ; `differences` names the first hundred of each kind. */
  differing: number;
  differences: LedgerDifference[];
}

/**
 * Does the ledger add up? For every counter: balance = Σ of what calls moved it by + Σ of adjustments. For every day:
 * Σ of the daily sums = Σ of the calls, in money, number and tokens. One statement, so it sees one moment, beside live traffic too, and the
 * database does the adding. Calls whose rows are gone are in it with the sums that were kept of them. Over millions of rows it takes a while: give it a connection without a time limit.
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
    check.differences.push({ kind, of: name, expected: Number(expected), actual: Number(actual) });
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

function buildCheck({ deltas, dayOf, tokens, tags }: RecordSql): string {
  const balances = buildComparison(
    'balance',
    `select counter as name, nano_usd as actual, 0 as expected from balances
     union all select counter, 0, delta_nano_usd from balance_adjustments
     union all select counter, 0, nano_usd from expired_balances
     union all select counter, 0, nano_usd from (${deltas}) as deltas`,
  );
  const byDay = (
    kind: LedgerDifference['kind'],
    { table, rolled, expired, ofCall }: { table: string; rolled: string; expired: string; ofCall: string },
  ) =>
    buildComparison(
      kind,
      `select day as name, ${rolled} as actual, 0 as expected from ${table}
       union all select day, 0, ${expired} from expired_days
       union all select ${dayOf('started_at_ms')}, 0, ${ofCall} from spend_logs`,
    );
  const spend = 'spend_nano_usd';
  const rolledTokens = 'prompt_tokens + completion_tokens + cache_read_tokens + cache_write_tokens';
  return [
    `select 'total' as kind, '' as name, 0 as expected, coalesce(sum(spend_nano_usd), 0) as actual, coalesce(sum(calls), 0) as total
    from (select spend_nano_usd, 1 as calls from spend_logs union all select spend_nano_usd, calls from expired_days) as calls`,
    balances,
    byDay('daily', { table: 'daily_spend', rolled: spend, expired: spend, ofCall: spend }),
    byDay('daily_calls', { table: 'daily_spend', rolled: 'calls', expired: 'calls', ofCall: '1' }),
    byDay('daily_tokens', { table: 'daily_spend', rolled: rolledTokens, expired: 'tokens', ofCall: tokens }),
    byDay('daily_tags', {
      table: 'daily_tag_spend',
      rolled: spend,
      expired: 'tag_spend_nano_usd',
      ofCall: `${spend} * (${tags})`,
    }),
  ].join(' union all ');
}

const CHECKS: Readonly<Record<LedgerDialect, string>> = {
  sqlite: buildCheck(RECORD_SQL.sqlite),
  postgres: buildCheck(RECORD_SQL.postgres),
};
