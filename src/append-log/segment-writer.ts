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

/**
 * A file that grows by a few kilobytes at a time has the system find a place for every page of it, which costs several times
 * as much as writing the page. So much is filled with zeros at once, and then written over. Larger writes need no such help.
 */
const AHEAD_BYTES = 64 * 1024;
const AHEAD = Buffer.alloc(AHEAD_BYTES);

interface ActiveFile {
  segment: Segment;
  fd: number;
  /** How long the file is: behind the segment's end stand zeros, up to here. */
  length: number;
}

/**
 * A segment is created by its first write and sealed by the write that no longer fits. The file of one that is written to may
 * be longer than it, by zeros; see `listSegments`.
 */
export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { directory, segmentBytes, fsync } = options;
  const sealed = [...options.leftovers];
  let active: ActiveFile | undefined;
  let nextBase = options.base;
  let syncing = 0;
  let retired: number[] = [];

  function closeRetired(): void {
    // A descriptor must not be reused while a sync on it is queued.
    if (syncing > 0) return;
    for (const fd of retired) closeSync(fd);
    retired = [];
  }

  function begin(): ActiveFile {
    if (active !== undefined) {
      cutOff(active.fd, active.segment.end - active.segment.base);
      if (fsync) fdatasyncSync(active.fd);
    }
    const path = segmentPath(directory, nextBase);
    const fd = openSync(path, 'w', 0o600);
    if (fsync) syncDirectory(directory);
    if (active !== undefined) {
      sealed.push(active.segment);
      retired.push(active.fd);
      closeRetired();
    }
    return { segment: { path, base: nextBase, end: nextBase }, fd, length: 0 };
  }

  return {
    sealed,
    active: () => active?.segment,
    write(buffer, bytes) {
      const current = active?.segment;
      if (current === undefined || current.end - current.base + bytes > segmentBytes) {
        if (current === undefined || current.end > current.base) active = begin();
      }
      const file = active as ActiveFile;
      const { segment, fd } = file;
      const offset = segment.end - segment.base;
      if (offset + bytes > file.length && bytes < AHEAD_BYTES) file.length += fillAhead(fd, file.length);
      let done = 0;
      try {
        while (done < bytes) done += writeSync(fd, buffer, done, bytes - done, offset + done);
      } catch (error) {
        // The next one overwrites in any case what this one left; cutting it off serves whoever reads before.
        cutOff(fd, offset);
        file.length = offset;
        throw error;
      }
      segment.end += bytes;
      file.length = Math.max(file.length, offset + bytes);
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
        cutOff(active.fd, active.segment.end - active.segment.base);
        sealed.push(active.segment);
        retired.push(active.fd);
        active = undefined;
      }
      closeRetired();
    },
  };
}

/** Returns how many zeros there are more. On a full disk none: what is to be written may still fit. */
function fillAhead(fd: number, length: number): number {
  try {
    return writeSync(fd, AHEAD, 0, AHEAD_BYTES, length);
  } catch {
    return 0;
  }
}

function cutOff(fd: number, length: number): void {
  try {
    ftruncateSync(fd, length);
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
