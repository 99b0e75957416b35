import { CompiledQuery, type Kysely } from 'kysely';
import type { SpendRecord } from '../core/spend-record.ts';
import { computeRollups } from './compute-rollups.ts';
import { LEDGER_SQL, type LedgerDialect } from './ledger-sql.ts';

/** A record and the JSON of its row. */
export interface Bill {
  record: SpendRecord;
  text: string;
}

/**
 * `committed`: all of the batch is in the database; `added` are those that were not there before.
 * `failed`: none of it is, unless `inDoubt`: the answer to the commit did not arrive, and only shipping it again tells.
 * `refused`: the database took offence at a value, so the same batch will never get through.
 */
export type ShipResult =
  | { kind: 'committed'; added: SpendRecord[] }
  | { kind: 'failed'; cause: unknown; inDoubt: boolean; refused: boolean };

/**
 * Writes a batch of bills to the ledger in one transaction: rows first, then what the rows that are really new add to
 * balances and daily sums. So each call counts exactly once however often its bill is shipped, and by whomever.
 */
export async function shipBatch(
  database: Kysely<unknown>,
  dialect: LedgerDialect,
  bills: readonly Bill[],
): Promise<ShipResult> {
  const statements = LEDGER_SQL[dialect];
  const unique = new Map<string, Bill>();
  for (const bill of bills) if (!unique.has(bill.record.requestId)) unique.set(bill.record.requestId, bill);
  let added: SpendRecord[] = [];
  let committing = false;
  try {
    await database.transaction().execute(async (transaction) => {
      const texts = Array.from(unique.values(), ({ text }) => text);
      const { rows } = await transaction.executeQuery<{ request_id: string }>(
        CompiledQuery.raw(statements.insertRecords, [`[${texts.join(',')}]`]),
      );
      added = rows.flatMap(({ request_id: id }) => unique.get(id)?.record ?? []);
      const { balances, daily, dailyTags } = computeRollups(added);
      for (const [statement, sums] of [
        [statements.addBalances, balances],
        [statements.addDaily, daily],
        [statements.addDailyTags, dailyTags],
      ] as const) {
        if (sums.length > 0) await transaction.executeQuery(CompiledQuery.raw(statement, [JSON.stringify(sums)]));
      }
      committing = true;
    });
    return { kind: 'committed', added };
  } catch (cause) {
    return { kind: 'failed', cause, inDoubt: committing, refused: !committing && isRefusal(cause) };
  }
}

/** What SQLite says of a value that it cannot hold. */
const SQLITE_REFUSAL = /constraint failed|datatype mismatch|string or blob too big/i;

/**
 * PostgreSQL's classes 22 (data exception), 23 (integrity) and 54 (limit exceeded), and the like of SQLite, wherever in
 * the chain of causes; and a time that is no date.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as Error & { code?: unknown };
    if (typeof code === 'string' && /^(22|23|54)\w{3}$/.test(code)) return true;
    if (SQLITE_REFUSAL.test(cause.message)) return true;
  }
  return false;
}
