import { CompiledQuery, type Kysely } from 'kysely';
import type { LedgerDialect } from './ledger-sql.ts';
import { RECORD_SQL } from './record-sql.ts';

/** Whoever holds it takes rows away; taken for one transaction. Any number that nobody else uses. */
const EXPIRY_LOCK = 0x6c_6b_65_78;

interface ExpirySql {
  /** Parameters: the moment before which calls began, and how many rows at most. */
  selectOldest: string;
  /** This one and the others have one parameter: a JSON array of `[started_at_ms, request_id]`. */
  noteIds: string;
  keepBalances: string;
  keepDays: string;
  deleteRows: string;
}

function buildExpirySql(dialect: LedgerDialect): ExpirySql {
  const { deltas, day, tokens, tags } = RECORD_SQL[dialect];
  const [startedAtMs, requestId, given] =
    dialect === 'sqlite'
      ? ['value ->> 0', 'value ->> 1', 'json_each(?)']
      : ['(value ->> 0)::bigint', 'value ->> 1', 'json_array_elements($1::json) as given(value)'];
  const ofThese = `spend_logs.request_id in (select ${requestId} from ${given})`;
  const sum = (what: string) => `cast(sum(${what}) as bigint)`;
  const add = (table: string, columns: readonly string[]) =>
    `do update set ${columns.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')}`;
  const [before, limit] = dialect === 'sqlite' ? ['?', '?'] : ['$1', '$2'];
  return {
    selectOldest: `select started_at_ms, request_id from spend_logs where started_at_ms < ${before}
      order by started_at_ms limit ${limit}`,
    noteIds: `insert into expired_calls (started_at_ms, request_id)
      select ${startedAtMs}, ${requestId} from ${given} where true on conflict do nothing`,
    keepBalances: `insert into expired_balances (counter, nano_usd)
      select counter, ${sum('nano_usd')} from (${deltas} where ${ofThese}) as deltas where true group by counter
      on conflict (counter) ${add('expired_balances', ['nano_usd'])}`,
    keepDays: `insert into expired_days (day, calls, tokens, spend_nano_usd, tag_spend_nano_usd)
      select ${day}, count(*), ${sum(tokens)}, ${sum('spend_nano_usd')}, ${sum(`spend_nano_usd * ${tags}`)}
      from spend_logs where ${ofThese} group by 1
      on conflict (day) ${add('expired_days', ['calls', 'tokens', 'spend_nano_usd', 'tag_spend_nano_usd'])}`,
    deleteRows: `delete from spend_logs where ${ofThese}`,
  };
}

const EXPIRY_SQL: Readonly<Record<LedgerDialect, ExpirySql>> = {
  sqlite: buildExpirySql('sqlite'),
  postgres: buildExpirySql('postgres'),
};

/**
 * Takes away the rows of the oldest calls that began before `beforeMs`, no more than `limit`, and says how many it took.
 * What they moved balances by, the sums of their days and their ids stay, in the same transaction: balances, daily sums
 * and reports are as before, the books can still be checked (see checkLedger), and no bill is counted again. 0: there are
 * none left, or another process is at it.
 */
export async function expireCalls<Tables>(
  database: Kysely<Tables>,
  dialect: LedgerDialect,
  { beforeMs, limit }: { beforeMs: number; limit: number },
): Promise<number> {
  const statements = EXPIRY_SQL[dialect];
  const oldest = await database.executeQuery<{ started_at_ms: number | string; request_id: string }>(
    CompiledQuery.raw(statements.selectOldest, [beforeMs, limit]),
  );
  if (oldest.rows.length === 0) return 0;
  const ids = JSON.stringify(oldest.rows.map((row) => [Number(row.started_at_ms), row.request_id]));
  const run = (where: Kysely<Tables>, statement: string) => where.executeQuery(CompiledQuery.raw(statement, [ids]));
  // First and by itself: whoever ships one of these bills again just now sees its row, or its id, but never neither.
  await run(database, statements.noteIds);
  return database.transaction().execute(async (transaction) => {
    if (dialect === 'postgres' && !(await tryLock(transaction))) return 0;
    await run(transaction, statements.keepBalances);
    await run(transaction, statements.keepDays);
    const { numAffectedRows } = await run(transaction, statements.deleteRows);
    return Number(numAffectedRows ?? 0);
  });
}

async function tryLock<Tables>(transaction: Kysely<Tables>): Promise<boolean> {
  const { rows } = await transaction.executeQuery<{ locked: boolean }>(
    CompiledQuery.raw(`select pg_try_advisory_xact_lock(${EXPIRY_LOCK}) as locked`),
  );
  return rows[0]?.locked === true;
}
