import { readdirSync, rmSync, statSync } from 'node:fs';
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
    const { size } = statSync(path);
    if (size === 0) rmSync(path);
    else segments.push({ path, base, end: base + size });
  }
  return segments;
}
