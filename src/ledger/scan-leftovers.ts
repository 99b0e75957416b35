import { readLines } from '../append-log/read-lines.ts';
import type { Segment } from '../append-log/segment-files.ts';
import type { CallIntent, SpendRecord } from '../core/spend-record.ts';
import { parseJournalLine } from './journal-line.ts';

export interface Leftovers {
  /** Calls that were in flight when their process died, oldest first. */
  unsettled: CallIntent[];
  /** Bills behind the mark. */
  unshipped: number;
}

export interface LeftoverListeners {
  /** Sees every bill that may not be in the database yet. */
  onUnshipped: (record: SpendRecord) => void;
  /** Sees every line that is complete and yet no record. */
  onUnreadable: (position: number, line: string) => void;
}

/**
 * Goes through the journal of earlier processes once. A cut-off line at the end of a segment counts for nothing: nobody
 * was told that it had been written.
 */
export function scanLeftovers(
  segments: readonly Segment[],
  shipped: number,
  { onUnshipped, onUnreadable }: LeftoverListeners,
): Leftovers {
  const open = new Map<string, CallIntent>();
  let unshipped = 0;
  for (const { path, base, end } of segments) {
    for (const line of readLines(path, 0, end - base)) {
      const parsed = parseJournalLine(line.text);
      if (parsed === undefined) onUnreadable(base + line.start, line.text);
      else if (parsed.kind === 'open') open.set(parsed.intent.requestId, parsed.intent);
      else {
        open.delete(parsed.record.requestId);
        if (base + line.start < shipped) continue;
        unshipped += 1;
        onUnshipped(parsed.record);
      }
    }
  }
  return { unsettled: [...open.values()], unshipped };
}
