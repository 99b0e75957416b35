import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One file of a log. A log is one endless row of bytes; a segment holds those from `base` to `end`, and
 * every position (of a record, of what has been shipped) is a number in that row. Positions never come again, not even
 * after all segments have been deleted.
 */
export interface Segment {
  path: string;
  base: number;
  end: number;
}

const SEGMENT_NAME = /^segment-(\d{16})\.ndjson$/;

/** The file for a segment that begins at `base`. */
export function segmentPath(directory: string, base: number): string {
  return join(directory, `segment-${String(base).padStart(16, '0')}.ndjson`);
}

/** The segments in `directory`, oldest first. Empty ones (made and never written to) are removed. */
export function listSegments(directory: string): Segment[] {
  const segments: Segment[] = [];
  for (const name of readdirSync(directory).sort()) {
    const match = SEGMENT_NAME.exec(name);
    if (match === null) continue;
    const path = join(directory, name);
    const base = Number(match[1]);
    const bytes = countWrittenBytes(path);
    if (bytes === 0) rmSync(path);
    else segments.push({ path, base, end: base + bytes });
  }
  return segments;
}

const TAIL_BYTES = 64 * 1024;

/**
 * How much of a segment's file has been written to: all before the zeros at its end, which a process leaves behind that is
 * killed, or that is still writing. No line holds a zero.
 */
export function countWrittenBytes(path: string): number {
  const fd = openSync(path, 'r');
  try {
    const tail = Buffer.allocUnsafe(TAIL_BYTES);
    for (let end = fstatSync(fd).size; end > 0; ) {
      const start = Math.max(0, end - TAIL_BYTES);
      const count = readSync(fd, tail, 0, end - start, start);
      for (let at = count - 1; at >= 0; at -= 1) if (tail[at] !== 0) return start + at + 1;
      end = start;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
}
