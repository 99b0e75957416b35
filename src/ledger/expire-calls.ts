import { CompiledQuery, type Kysely } from 'kysely';
import { tryExpiryLock } from './expiry-lock.ts';
import { buildExpirySql, type ExpirySql } from './expiry-sql.ts';
import type { LedgerDialect } from './ledger-sql.ts';

interface BatchSql extends ExpirySql {
  /** Parameters: the moment before which calls began, and how many at most. The other ones take a JSON array of ids. */
  selectOldest: string;
}

const BATCH_SQL: Readonly<Record<LedgerDialect, BatchSql>> = {
  sqlite: {
    ...buildExpirySql('sqlite', 'spend_logs.request_id in (select value from json_each(?))'),
    selectOldest: 'select request_id from spend_logs where started_at_ms < ? order by started_at_ms limit ?',
  },
  postgres: {
    ...buildExpirySql('postgres', 'spend_logs.request_id in (select json_array_elements_text($1::json))'),
    selectOldest: 'select request_id from spend_logs where started_at_ms < $1 order by started_at_ms limit $2',
  },
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
  const statements = BATCH_SQL[dialect];
  const oldest = await database.executeQuery<{ request_id: string }>(
    CompiledQuery.raw(statements.selectOldest, [beforeMs, limit]),
  );
  if (oldest.rows.length === 0) return 0;
  const ids = JSON.stringify(oldest.rows.map((row) => row.request_id));
  const run = (where: Kysely<Tables>, statement: string) => where.executeQuery(CompiledQuery.raw(statement, [ids]));
  // First and by itself: whoever ships one of these bills again just now sees its row, or its id, but never neither.
  await run(database, statements.keepIds);
  return database.transaction().execute(async (transaction) => {
    if (dialect === 'postgres' && !(await tryExpiryLock(transaction))) return 0;
    await run(transaction, statements.keepBalances);
    await run(transaction, statements.keepDays);
    const { numAffectedRows } = await run(transaction, statements.deleteRows);
    return Number(numAffectedRows ?? 0);
  });
}
