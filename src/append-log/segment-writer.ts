import { closeSync, fdatasync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { type Segment, segmentPath } from './segment-files.ts';

/** The end of a log that grows. */
export interface SegmentWriter {
  /**
   * Puts the first `bytes` of `buffer` behind what is there and returns where they begin. They are then in the operating
   * system's hands. Throws when it does not take them all; none of them counts then, and the next write starts afresh.
   */
  write(buffer: Buffer, bytes: number): number;
  /** Puts on disk what has been written so far. */
  sync(done: (error: Error | null) => void): void;
  /** Segments that no more is written to, oldest first. */
  sealed: Segment[];
  active(): Segment | undefined;
  close(): void;
}

export interface SegmentWriterOptions {
  directory: string;
  /** What earlier processes left. */
  leftovers: readonly Segment[];
  /** Where the first new segment begins: behind everything that was ever written. */
  base: number;
  segmentBytes: number;
  fsync: boolean;
}

/** A segment is created by its first write and sealed by the write that no longer fits. */
export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { directory, segmentBytes, fsync } = options;
  const sealed = [...options.leftovers];
  let active: { segment: Segment; fd: number } | undefined;
  let nextBase = options.base;
  let syncing = 0;
  let retired: number[] = [];

  function closeRetired(): void {
    // A descriptor must not be reused while a sync on it is queued.
    if (syncing > 0) return;
    for (const fd of retired) closeSync(fd);
    retired = [];
  }

  function begin(): { segment: Segment; fd: number } {
    if (active !== undefined && fsync) fdatasyncSync(active.fd);
    const path = segmentPath(directory, nextBase);
    const fd = openSync(path, 'w', 0o600);
    if (fsync) syncDirectory(directory);
    if (active !== undefined) {
      sealed.push(active.segment);
      retired.push(active.fd);
      closeRetired();
    }
    return { segment: { path, base: nextBase, end: nextBase }, fd };
  }

  return {
    sealed,
    active: () => active?.segment,
    write(buffer, bytes) {
      const current = active?.segment;
      if (current === undefined || current.end - current.base + bytes > segmentBytes) {
        if (current === undefined || current.end > current.base) active = begin();
      }
      const { segment, fd } = active as { segment: Segment; fd: number };
      const offset = segment.end - segment.base;
      let done = 0;
      try {
        while (done < bytes) done += writeSync(fd, buffer, done, bytes - done, offset + done);
      } catch (error) {
        discardBehind(fd, offset);
        throw error;
      }
      segment.end += bytes;
      nextBase = segment.end;
      return segment.end - bytes;
    },
    sync(done) {
      if (active === undefined) return done(null);
      syncing += 1;
      fdatasync(active.fd, (error) => {
        syncing -= 1;
        closeRetired();
        done(error);
      });
    },
    close() {
      if (active !== undefined) {
        sealed.push(active.segment);
        retired.push(active.fd);
        active = undefined;
      }
      closeRetired();
    },
  };
}

/** What the failed write left is overwritten by the next one in any case; cutting it off serves whoever reads before. */
function discardBehind(fd: number, offset: number): void {
  try {
    ftruncateSync(fd, offset);
  } catch {
    // The disk fails altogether: the next write will say so.
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
