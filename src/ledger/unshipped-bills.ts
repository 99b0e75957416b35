import { type BillBatch, createBillBatch } from './bill-batch.ts';
import { createBufferPool } from './buffer-pool.ts';
import type { JournalledBill } from './journalled-bill.ts';
import type { BillPage } from './read-bills.ts';

/**
 * The bills that are not in the database yet, in journal order and in batches. The next ones are held in memory up to a
 * bound; beyond it only their number is kept and they are read back from the journal when their turn comes, so a
 * database that is down for a day costs disk space and nothing else.
 */
export interface UnshippedBills {
  add(bills: readonly JournalledBill[]): void;
  /** The next ones, at most `limit`, sealed; undefined: there are none. They stay. */
  peek(limit: number): BillBatch | undefined;
  /** Takes away what `peek` has returned. */
  remove(batch: BillBatch): void;
  count(): number;
  /** Where the first of them begins; undefined: there are none. */
  firstStart(): number | undefined;
}

export interface UnshippedBillsOptions {
  /** Bills of earlier processes wait in the journal from here on. */
  leftover: { from: number; count: number };
  /** The most bills of a batch, and about the most bytes. */
  maxBatch: number;
  maxBatchBytes: number;
  maxRecords: number;
  maxBytes: number;
  /** Reads from `from` to the journal's end of the moment. */
  read: (from: number, limit: number, maxChars: number) => BillPage;
  acknowledgedEnd: () => number;
}

export function createUnshippedBills(options: UnshippedBillsOptions): UnshippedBills {
  const { maxBatch, maxBatchBytes, maxRecords, maxBytes, read, acknowledgedEnd } = options;
  const pool = createBufferPool();
  let batches: BillBatch[] = [];
  let last: BillBatch | undefined;
  let held = 0;
  /** Of all batches but the last. */
  let fullBytes = 0;
  let onDisk = options.leftover.count;
  let diskFrom = options.leftover.from;

  function hold(bill: JournalledBill): void {
    if (last === undefined || last.sealed() || last.count() >= maxBatch || last.bytes() >= maxBatchBytes) {
      fullBytes += last?.bytes() ?? 0;
      last = createBillBatch(pool);
      batches.push(last);
    }
    last.add(bill);
    held += 1;
  }

  function readBack(): void {
    const { bills, next } = read(diskFrom, Math.min(maxBatch, maxRecords), maxBatchBytes);
    for (const bill of bills) hold(bill);
    diskFrom = next;
    // Only the journal's end says that nothing is left to be read; the count is for people.
    onDisk = next >= acknowledgedEnd() ? 0 : Math.max(onDisk - bills.length, 1);
  }

  /** Puts the first `limit` bills of a batch into one of their own. */
  function split(batch: BillBatch, limit: number): BillBatch {
    const parts = [createBillBatch(pool), createBillBatch(pool)] as const;
    const { bills } = read(batch.start(), batch.count(), Number.POSITIVE_INFINITY);
    for (const [index, bill] of bills.entries()) parts[index < limit ? 0 : 1].add(bill);
    parts[1].seal();
    batch.release();
    batches = [...parts, ...batches.slice(1)];
    if (last === batch) last = parts[1];
    return parts[0];
  }

  return {
    add(bills) {
      for (const bill of bills) {
        if (onDisk === 0 && held < maxRecords && fullBytes + (last?.bytes() ?? 0) < maxBytes) hold(bill);
        else {
          if (onDisk === 0) diskFrom = bill.start;
          onDisk += 1;
        }
      }
    },
    peek(limit) {
      if (batches.length === 0 && onDisk > 0) readBack();
      const [first] = batches;
      const batch = first !== undefined && first.count() > limit ? split(first, limit) : first;
      batch?.seal();
      return batch;
    },
    remove(batch) {
      batches = batches.filter((other) => other !== batch);
      batch.release();
      held -= batch.count();
      if (last === batch) last = undefined;
      fullBytes = batches.reduce((sum, other) => (other === last ? sum : sum + other.bytes()), 0);
    },
    count: () => held + onDisk,
    firstStart: () => batches[0]?.start() ?? (onDisk > 0 ? diskFrom : undefined),
  };
}
