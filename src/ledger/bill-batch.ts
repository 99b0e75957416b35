import type { BalanceDelta } from '../core/spend-record.ts';
import type { BufferPool } from './buffer-pool.ts';
import { createRollupSums, type Rollups } from './compute-rollups.ts';
import type { JournalledBill } from './journalled-bill.ts';

/**
 * Bills on their way to the database, next to each other in the journal. They are kept as bytes and sums and not as
 * records: thousands of records that live until the next commit would cost the garbage collector more than everything
 * else that is done with them. Whoever needs the records reads them back from the journal.
 */
export interface BillBatch {
  count(): number;
  /** Where its first bill begins in the journal, and where its last one ends. */
  start(): number;
  end(): number;
  bytes(): number;
  /** How many are of status `unsettled`. */
  unsettled(): number;
  /** Copies its row. */
  add(bill: JournalledBill): void;
  /** It is on its way now: nothing can be added any more. */
  seal(): void;
  sealed(): boolean;
  /** The rows of a sealed batch as a JSON list, for as long as it is not released. */
  rows(): Uint8Array;
  /** It is where it belongs, or somewhere else: its rows are not asked for any more. */
  release(): void;
  /** What they add up to if all of them are new; undefined where a bill cannot be added up. */
  rollups(): Rollups | undefined;
  /** What they move balances by. */
  deltas(): readonly BalanceDelta[];
}

const [OPEN, COMMA, CLOSE] = [0x5b, 0x2c, 0x5d];

export function createBillBatch(pool: BufferPool): BillBatch {
  const sums = createRollupSums();
  /** Deltas of bills that cannot be added up; undefined as long as there are none of these. */
  let loose: BalanceDelta[] | undefined;
  let buffer = pool.take(0);
  buffer[0] = OPEN;
  let used = 1;
  let count = 0;
  let start = 0;
  let end = 0;
  let unsettled = 0;
  let sealed = false;
  let released = false;

  function push({ bytes, rowStart, rowEnd }: JournalledBill): void {
    const needed = used + rowEnd - rowStart + 1;
    if (buffer.length < needed) {
      const larger = pool.take(needed * 2);
      buffer.copy(larger, 0, 0, used);
      pool.give(buffer);
      buffer = larger;
    }
    bytes.copy(buffer, used, rowStart, rowEnd);
    buffer[needed - 1] = COMMA;
    used = needed;
  }

  return {
    count: () => count,
    start: () => start,
    end: () => end,
    bytes: () => used,
    unsettled: () => unsettled,
    add(bill) {
      const { record } = bill;
      if (count === 0) start = bill.start;
      end = bill.end;
      count += 1;
      if (record.status === 'unsettled') unsettled += 1;
      push(bill);
      try {
        sums.add(record);
      } catch {
        // A time that no calendar knows: shipping will find out what the database says of this one.
        loose = [...(loose ?? []), ...record.balances];
      }
    },
    seal() {
      if (!sealed && count > 0) buffer[used - 1] = CLOSE;
      sealed = true;
    },
    sealed: () => sealed,
    rows: () => new Uint8Array(buffer.buffer, 0, used),
    release() {
      // Twice would hand one buffer to two batches.
      if (!released) pool.give(buffer);
      released = true;
    },
    rollups: () => (loose === undefined ? sums.list() : undefined),
    deltas: () => [...sums.deltas(), ...(loose ?? [])],
  };
}
