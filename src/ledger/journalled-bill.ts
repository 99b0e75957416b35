import type { SpendRecord } from '../core/spend-record.ts';

/** A bill that is safe in the journal, at these positions of it. */
export interface JournalledBill {
  record: SpendRecord;
  /** Between `rowStart` and `rowEnd` these are its row as JSON; others have what is around it, and may be written over later. */
  bytes: Buffer;
  rowStart: number;
  rowEnd: number;
  start: number;
  end: number;
}

export function rowTextOf({ bytes, rowStart, rowEnd }: JournalledBill): string {
  return bytes.toString('utf8', rowStart, rowEnd);
}
