import { readLines } from '../append-log/read-lines.ts';
import type { Segment } from '../append-log/segment-files.ts';
import { isSettleLine, parseJournalLine } from './journal-line.ts';
import type { JournalledBill } from './journalled-bill.ts';

export interface BillPage {
  bills: JournalledBill[];
  /** Where to read on. */
  next: number;
}

/**
 * Reads bills back from the journal between two positions, at most about `limit` records or `maxChars` of text.
 * Lines that cannot be read are passed over: whoever looked through the segments first has put them aside.
 */
export function readBills(
  segments: readonly Segment[],
  range: { from: number; to: number },
  limit: number,
  maxChars: number,
): BillPage {
  const bills: JournalledBill[] = [];
  let chars = 0;
  for (const { path, base, end } of segments) {
    if (end <= range.from) continue;
    if (base >= range.to) break;
    for (const line of readLines(path, Math.max(range.from - base, 0), Math.min(range.to, end) - base)) {
      if (!isSettleLine(line.text)) continue;
      const parsed = parseJournalLine(line.text);
      if (parsed?.kind !== 'settle') continue;
      const bytes = Buffer.from(parsed.text);
      const place = { start: base + line.start, end: base + line.end };
      bills.push({ record: parsed.record, bytes, rowStart: 0, rowEnd: bytes.length, ...place });
      chars += line.text.length;
      if (bills.length >= limit || chars >= maxChars) return { bills, next: base + line.end };
    }
  }
  return { bills, next: range.to };
}
