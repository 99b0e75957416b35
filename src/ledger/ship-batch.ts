import { CompiledQuery, type Kysely } from 'kysely';
import type { SpendRecord } from '../core/spend-record.ts';
import type { BillBatch } from './bill-batch.ts';
import { computeRollups, type Rollups } from './compute-rollups.ts';
import { type JournalledBill, rowTextOf } from './journalled-bill.ts';
import { LEDGER_SQL, type LedgerDialect, type LedgerSql } from './ledger-sql.ts';

/**
 * `committed`: all of the batch is in the database. `added`: how many were not there before, and which ones, if anybody
 * asks. `failed`: none of it is, unless `inDoubt`: the answer to the commit did not arrive, and only shipping it again
 * tells. `refused`: the database took offence at a value, so the same batch will never get through.
 */
export type ShipResult =
  | { kind: 'committed'; settled: number; readAdded: () => readonly SpendRecord[] }
  | { kind: 'failed'; cause: unknown; inDoubt: boolean; refused: boolean };

export interface ShipOptions {
  database: Kysely<unknown>;
  dialect: LedgerDialect;
  /** The batch's bills, from the journal. */
  readBack: (batch: BillBatch) => readonly JournalledBill[];
}

/**
 * Writes a batch of bills to the ledger in one transaction: rows first, then what the rows that are really new add to
 * balances and daily sums. So each call counts exactly once however often its bill is shipped, and by whomever.
 *
 * Almost always all of them are new, and what they add was summed up when they came. If the database says that some are
 * not, nothing of that is kept: the batch is written again, with the sums of exactly the rows that were inserted.
 */
export async function shipBatch(options: ShipOptions, batch: BillBatch): Promise<ShipResult> {
  const rollups = batch.rollups();
  if (rollups !== undefined) {
    const result = await shipNew(options, batch, rollups);
    if (result !== 'partly known') return result;
  }
  return shipPartly(options, options.readBack(batch));
}

async function shipNew(options: ShipOptions, batch: BillBatch, rollups: Rollups): Promise<ShipResult | 'partly known'> {
  let partlyKnown = false;
  const result = await commit(options, async (transaction, { insertRecords }) => {
    const { numAffectedRows } = await transaction.executeQuery(
      CompiledQuery.raw(insertRecords, [toParameter(options.dialect, batch.rows())]),
    );
    partlyKnown = numAffectedRows !== BigInt(batch.count());
    if (partlyKnown) throw new Error('Some of these bills are in the ledger already.');
    return rollups;
  });
  if (partlyKnown) return 'partly known';
  if (result !== undefined) return result;
  return {
    kind: 'committed',
    settled: batch.count() - batch.unsettled(),
    readAdded: () => options.readBack(batch).map(({ record }) => record),
  };
}

async function shipPartly(options: ShipOptions, bills: readonly JournalledBill[]): Promise<ShipResult> {
  const unique = new Map<string, JournalledBill>();
  for (const bill of bills) if (!unique.has(bill.record.requestId)) unique.set(bill.record.requestId, bill);
  let added: SpendRecord[] = [];
  const result = await commit(options, async (transaction, { insertRecordsReturning }) => {
    const rows = Buffer.from(`[${Array.from(unique.values(), rowTextOf).join(',')}]`);
    const inserted = await transaction.executeQuery<{ request_id: string }>(
      CompiledQuery.raw(insertRecordsReturning, [toParameter(options.dialect, rows)]),
    );
    added = inserted.rows.flatMap(({ request_id: id }) => unique.get(id)?.record ?? []);
    return computeRollups(added);
  });
  if (result !== undefined) return result;
  const settled = added.filter(({ status }) => status !== 'unsettled').length;
  return { kind: 'committed', settled, readAdded: () => added };
}

/** Inserts rows, adds what they add up to, and commits. Undefined: all went well. */
async function commit(
  { database, dialect }: ShipOptions,
  insert: (transaction: Kysely<unknown>, statements: LedgerSql) => Promise<Rollups>,
): Promise<(ShipResult & { kind: 'failed' }) | undefined> {
  const statements = LEDGER_SQL[dialect];
  let committing = false;
  try {
    await database.transaction().execute(async (transaction) => {
      const { balances, daily, dailyTags } = await insert(transaction, statements);
      for (const [statement, sums] of [
        [statements.addBalances, balances],
        [statements.addDaily, daily],
        [statements.addDailyTags, dailyTags],
      ] as const) {
        if (sums.length > 0) await transaction.executeQuery(CompiledQuery.raw(statement, [JSON.stringify(sums)]));
      }
      committing = true;
    });
    return undefined;
  } catch (cause) {
    return { kind: 'failed', cause, inDoubt: committing, refused: !committing && isRefusal(cause) };
  }
}

/** SQLite's thread takes bytes, which reach it as one block; PostgreSQL's driver takes text. */
function toParameter(dialect: LedgerDialect, json: Uint8Array): unknown {
  return dialect === 'sqlite' ? json : Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString('utf8');
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
