import type { JournalledBill } from './journal.ts';
import type { BillPage } from './read-bills.ts';

/**
 * The bills that are not in the database yet, in journal order. The next ones are held in memory up to a bound; beyond
 * it only their number is kept and they are read back from the journal when their turn comes, so a database that is
 * down for a day costs disk space and nothing else.
 */
export interface UnshippedBills {
  add(bills: readonly JournalledBill[]): void;
  /** The next ones, at most `limit` and about `maxChars` of text, at least one if there is any. They stay. */
  peek(limit: number, maxChars: number): JournalledBill[];
  /** Takes the first `count` away. */
  remove(count: number): void;
  count(): number;
  /** Where the first of them begins; undefined: there are none. */
  firstStart(): number | undefined;
}

export interface UnshippedBillsOptions {
  /** Bills of earlier processes wait in the journal from here on. */
  leftover: { from: number; count: number };
  maxRecords: number;
  maxChars: number;
  /** Reads from `from` to the journal's end of the moment. */
  read: (from: number, limit: number, maxChars: number) => BillPage;
  acknowledgedEnd: () => number;
}

export function createUnshippedBills(options: UnshippedBillsOptions): UnshippedBills {
  const { maxRecords, maxChars, read, acknowledgedEnd } = options;
  let held: JournalledBill[] = [];
  let heldChars = 0;
  let onDisk = options.leftover.count;
  let diskFrom = options.leftover.from;

  function readBack(): void {
    const { bills, next } = read(diskFrom, maxRecords, maxChars);
    held = bills;
    heldChars = countChars(bills);
    diskFrom = next;
    // Only the journal's end says that nothing is left to be read; the count is for people.
    onDisk = next >= acknowledgedEnd() ? 0 : Math.max(onDisk - bills.length, 1);
  }

  return {
    add(bills) {
      for (const bill of bills) {
        if (onDisk === 0 && held.length < maxRecords && heldChars < maxChars) {
          held.push(bill);
          heldChars += bill.text.length;
        } else {
          if (onDisk === 0) diskFrom = bill.start;
          onDisk += 1;
        }
      }
    },
    peek(limit, maxBatchChars) {
      if (held.length === 0 && onDisk > 0) readBack();
      let count = 0;
      for (let chars = 0; count < Math.min(limit, held.length); count += 1) {
        chars += held[count]?.text.length ?? 0;
        if (count > 0 && chars > maxBatchChars) break;
      }
      return held.slice(0, count);
    },
    remove(count) {
      heldChars -= countChars(held.slice(0, count));
      held.splice(0, count);
    },
    count: () => held.length + onDisk,
    firstStart: () => held[0]?.start ?? (onDisk > 0 ? diskFrom : undefined),
  };
}

function countChars(bills: readonly JournalledBill[]): number {
  return bills.reduce((sum, { text }) => sum + text.length, 0);
}
