import type { Kysely } from 'kysely';
import { listSegments } from '../append-log/segment-files.ts';
import { createSegmentWriter, type SegmentWriter } from '../append-log/segment-writer.ts';
import type { BalanceDelta, SpendRecord } from '../core/spend-record.ts';
import type { BillBatch } from './bill-batch.ts';
import { createJournal, type Journal } from './journal.ts';
import { formatSettle } from './journal-line.ts';
import { rowTextOf } from './journalled-bill.ts';
import type { LedgerLogger, LedgerRecovery, UnsettledPolicy } from './ledger.ts';
import type { LedgerDialect } from './ledger-sql.ts';
import { createQuarantine } from './quarantine.ts';
import { createBalanceReader, type ReadBalances } from './read-balances.ts';
import { readBills } from './read-bills.ts';
import { type Leftovers, scanLeftovers } from './scan-leftovers.ts';
import { createSharedLock } from './shared-lock.ts';
import { shipBatch } from './ship-batch.ts';
import { openShippedMark, type ShippedMark } from './shipped-mark.ts';
import { createShipper, type Shipper } from './shipper.ts';
import { createUnshippedBalances } from './unshipped-balances.ts';
import { createUnshippedBills, type UnshippedBills } from './unshipped-bills.ts';

export interface LedgerOptions<Tables> {
  /** The journal's own directory; made when it is missing. One process each. */
  directory: string;
  /** Holds spend_logs, balances, daily_spend and daily_tag_spend. */
  database: Kysely<Tables>;
  /** Where balances are read, if not there: a connection that does not wait for writers, and sees what is committed. */
  reads?: Kysely<Tables>;
  dialect: LedgerDialect;
  /** Wait for the disk, so that power loss takes nothing that was acknowledged. The database must then do so, too. */
  fsync: boolean;
  /** How long a bill waits for others before it is shipped; five times as long when there are many. */
  shipEveryMs?: number;
  maxBatch?: number;
  unsettled?: UnsettledPolicy;
  nowMs: () => number;
  logger: LedgerLogger;
  /** Told after each commit which records were new. Must not throw. */
  onShipped?: (records: readonly SpendRecord[]) => void;
  /** Told after each commit which balances it moved. Must not throw. */
  onBalancesMoved?: (deltas: readonly BalanceDelta[]) => void;
  /** Told once what an earlier process left behind is in the ledger: the budget counters that it moved, and how far. */
  onRecovered?: (moved: ReadonlyMap<string, number>) => void;
  /**
   * Told of the bills of calls that were left in flight, before any of these is written: what must not be missed is done
   * when this resolves, and whoever dies in between is told again. Where it rejects, opening does, and nothing is billed yet.
   */
  onUnsettled?: (bills: readonly SpendRecord[]) => Promise<void>;
  segmentBytes?: number;
  /** Bills held in memory while they wait; those beyond are read back from the journal. */
  maxRecordsInMemory?: number;
  /** How long opening and closing wait for a database that does not answer. */
  patienceMs?: number;
}

const MAX_BYTES_IN_MEMORY = 32 * 1024 * 1024;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** What a ledger is made of, connected to each other. */
export interface LedgerParts {
  journal: Journal;
  writer: SegmentWriter;
  mark: ShippedMark;
  bills: UnshippedBills;
  shipper: Shipper;
  readBalances: ReadBalances;
  leftovers: Leftovers;
  recovery: LedgerRecovery;
  /** What the bills that were found in the journal move budget counters by, in nano-dollars. */
  recoveredBalances: Map<string, number>;
}

/** Reads what is in the (locked) directory and connects the parts. Nothing has been written or shipped yet. */
export function openLedgerParts<Tables>(options: LedgerOptions<Tables>): LedgerParts {
  const { directory, dialect, fsync, logger, onShipped, onBalancesMoved } = options;
  const { maxBatch = 1000, shipEveryMs = 200, segmentBytes = 16 * 1024 * 1024, maxRecordsInMemory = 20_000 } = options;
  // All SQL here is our own; which other tables the database has does not matter.
  const database = options.database as unknown as Kysely<unknown>;
  const reads = (options.reads ?? options.database) as unknown as Kysely<unknown>;
  const recovery: LedgerRecovery = { shipped: 0, unsettled: 0, pending: 0, unreadable: 0 };

  const recoveredBalances = new Map<string, number>();

  const quarantine = createQuarantine(directory, logger);
  const unshipped = createUnshippedBalances();
  const mark = openShippedMark(directory);
  const segments = listSegments(directory);
  const base = Math.max(mark.position, segments.at(-1)?.end ?? 0);
  const leftovers = scanLeftovers(segments, mark.position, {
    onUnshipped: (record) => {
      unshipped.add(record.balances);
      addBalances(recoveredBalances, record);
    },
    onUnreadable: (position, line) => {
      recovery.unreadable += 1;
      quarantine.put(position, 'unreadable', line);
    },
  });

  const writer = createSegmentWriter({ directory, leftovers: segments, base, segmentBytes, fsync });
  const journal = createJournal({
    writer,
    base,
    fsync,
    onBills: (added) => {
      for (const { record } of added) unshipped.add(record.balances);
      bills.add(added);
      shipper.wake();
    },
    onWriting: (failure) => {
      if (failure === undefined) logger.info({}, 'The journal can be written again');
      else logger.error({ err: failure }, 'The journal cannot be written; calls are refused');
    },
  });
  const bills = createUnshippedBills({
    leftover: { from: mark.position, count: leftovers.unshipped },
    maxBatch,
    maxBatchBytes: MAX_BATCH_BYTES,
    maxRecords: maxRecordsInMemory,
    maxBytes: MAX_BYTES_IN_MEMORY,
    acknowledgedEnd: journal.acknowledgedEnd,
    read: (from, limit, maxChars) =>
      readBills(journal.segments(), { from, to: journal.acknowledgedEnd() }, limit, maxChars),
  });
  const readBack = (batch: BillBatch) =>
    readBills(journal.segments(), { from: batch.start(), to: batch.end() }, batch.count(), Number.POSITIVE_INFINITY)
      .bills;
  const lock = createSharedLock();
  const shipper = createShipper({
    bills,
    ship: (batch) => shipBatch({ database, dialect, readBack }, batch),
    lock,
    maxBatch,
    shipEveryMs,
    doubtfulEnd: base,
    logger,
    onCommitted: (batch, result) => {
      const deltas = batch.deltas();
      unshipped.subtract(deltas);
      onBalancesMoved?.(deltas);
      recovery.shipped += result?.settled ?? 0;
      const added = onShipped === undefined ? undefined : result?.readAdded();
      const position = bills.firstStart() ?? journal.acknowledgedEnd();
      mark.set(position);
      journal.dropThrough(position).catch((err: unknown) => logger.warn({ err }, 'A journal segment stays'));
      if (added !== undefined && added.length > 0) onShipped?.(added);
    },
    onRefused: (batch, cause) => {
      for (const bill of readBack(batch)) {
        quarantine.put(bill.start, 'refused by the database', formatSettle(rowTextOf(bill)), cause);
      }
    },
  });
  const readBalances = createBalanceReader({ reads, dialect, lock, shipper, unshipped });
  return { journal, writer, mark, bills, shipper, readBalances, leftovers, recovery, recoveredBalances };
}

/** What the bill moves is added to what others moved. */
export function addBalances(sums: Map<string, number>, { balances }: Pick<SpendRecord, 'balances'>): void {
  for (const { counter, nanoUsd } of balances) sums.set(counter, (sums.get(counter) ?? 0) + nanoUsd);
}
