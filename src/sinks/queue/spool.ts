import { mkdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { countWrittenBytes, listSegments, type Segment } from '../../append-log/segment-files.ts';
import { createSegmentWriter } from '../../append-log/segment-writer.ts';
import type { BatchMemory } from './batch-memory.ts';
import { countLines, cutLines } from './cut-lines.ts';
import { type BatchRange, openProgress } from './progress.ts';

/** A batch and its bytes: whole lines of the spool. */
export interface SpooledBatch extends BatchRange {
  /** Of the spool and the range, so it never comes again for other records. */
  id: string;
  ndjson: Buffer;
}

/** How much may be sent together. */
export interface BatchLimit {
  maxRecords: number;
  maxBytes: number;
}

/**
 * The records on their way to one destination, in a directory of their own. They are on disk from the moment they are
 * accepted until they are delivered; in memory there is never more than the batch that is being sent.
 */
export interface Spool {
  /**
   * Writes `count` lines with their ends, the first `length` bytes. They survive the end of this process when this returns;
   * resolves when they are safe (true), or could not be written (false).
   */
  append(bytes: Buffer, length: number, count: number): Promise<boolean>;
  /** Lines that wait, those that are being sent included. */
  queued(): number;
  /** Bytes that wait. */
  bytes(): number;
  /** Where the next line will stand. */
  end(): number;
  /** Everything before it has been delivered. */
  delivered(): number;
  /** The batch that was begun and not confirmed, else a new one; null: nothing waits. */
  next(limit: BatchLimit): Promise<SpooledBatch | null>;
  /** It is done with, and so are its bytes, which are written over. */
  confirm(batch: SpooledBatch): void;
  /** Gives up the oldest segment that is neither written to nor being sent. How many lines it held; 0: there is none. */
  dropOldest(): number;
  /** Resolves when everything handed in is written; takes no more. Goes with its directory where nothing waits. */
  close(): Promise<void>;
}

export interface SpoolOptions {
  /** Made when it is missing. Its name is part of the names of batches, so it must be unlike any other. */
  directory: string;
  segmentBytes: number;
  fsync: boolean;
  /** Of the destination. */
  memory: BatchMemory;
  nowMs: () => number;
  onWritten: () => void;
  onFailed: (lines: number, error: Error) => void;
}

/** Opens what is there; lines that an earlier process left there are counted first. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const segments = listSegmentsOf(options.directory);
  const counts = new Map<number, number>();
  const spool = createSpool(options, segments, counts);
  const from = spool.delivered();
  for (const segment of segments) {
    if (segment.end <= from) continue;
    counts.set(segment.base, await countLines(segment.path, Math.max(0, from - segment.base)));
  }
  return spool;
}

/** A new one, at once. */
export function beginSpool(options: SpoolOptions): Spool {
  return createSpool(options, listSegmentsOf(options.directory), new Map());
}

function listSegmentsOf(directory: string): Segment[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return listSegments(directory);
}

/** `counts`: lines that wait in each segment, by its base. */
function createSpool(options: SpoolOptions, leftovers: Segment[], counts: Map<number, number>): Spool {
  const { directory, segmentBytes, fsync, memory, nowMs, onWritten, onFailed } = options;
  const progress = openProgress(directory);
  const base = Math.max(progress.delivered, leftovers.at(-1)?.end ?? 0);
  const writer = createSegmentWriter({ directory, leftovers, base, segmentBytes, fsync });
  const name = basename(directory);
  let synced: Promise<unknown> = Promise.resolve();
  const segments = () => [...writer.sealed, writer.active()].filter((one) => one !== undefined);
  const end = () => (writer.active() ?? writer.sealed.at(-1))?.end ?? base;

  /** Segments of a process that stood still while it was given up may have grown meanwhile. */
  function hasGrown(segment: Segment): boolean {
    const { path, base: start, end: known } = segment;
    if (start + statSync(path).size <= known) return false;
    segment.end = start + countWrittenBytes(path);
    return segment.end > known;
  }

  function dropDelivered(): void {
    for (const segment of [...writer.sealed]) {
      if (segment.end > progress.delivered || hasGrown(segment)) return;
      writer.sealed.splice(writer.sealed.indexOf(segment), 1);
      counts.delete(segment.base);
      unlinkSync(segment.path);
    }
  }

  async function read(segment: Segment, from: number, to: number): Promise<Buffer> {
    const file = await open(segment.path, 'r');
    try {
      const bytes = memory.take(to - from);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from - segment.base);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** Null: it was given up meanwhile, before or after it was read; its lines are counted as lost. */
  async function readUnlessDropped(segment: Segment, from: number, to: number): Promise<Buffer | null> {
    const isThere = () => segments().includes(segment);
    try {
      const bytes = await read(segment, from, to);
      return isThere() ? bytes : null;
    } catch (error) {
      if (isThere()) throw error;
      return null;
    }
  }

  function toBatch(range: BatchRange, ndjson: Buffer): SpooledBatch {
    return { ...range, id: `${name}-${range.start}`, ndjson };
  }

  /** What was begun, as it was begun, so that nothing in it changes. */
  async function readBegun(range: BatchRange): Promise<SpooledBatch | null> {
    const segment = segments().find((one) => one.base <= range.start && range.end <= one.end);
    return segment === undefined ? null : toBatch(range, await read(segment, range.start, range.end));
  }

  async function cutNext(segment: Segment, { maxRecords, maxBytes }: BatchLimit): Promise<SpooledBatch | null> {
    const start = Math.max(progress.delivered, segment.base);
    const available = segment.end;
    for (let most = maxBytes; ; most *= 2) {
      const to = Math.min(available, start + most);
      const bytes = await readUnlessDropped(segment, start, to);
      if (bytes === null) return null;
      const cut = cutLines(bytes, maxRecords);
      // One record alone may be larger than a batch should be.
      if (cut.count === 0 && to < available) continue;
      if (cut.count === 0) return null;
      const range = { start, end: start + cut.bytes, count: cut.count, createdAtMs: nowMs() };
      progress.begin(range);
      return toBatch(range, bytes.subarray(0, cut.bytes));
    }
  }

  return {
    append(bytes, length, count) {
      try {
        writer.write(bytes, length);
      } catch (error) {
        onFailed(count, error as Error);
        return Promise.resolve(false);
      }
      const { base: at } = writer.active() as Segment;
      counts.set(at, (counts.get(at) ?? 0) + count);
      onWritten();
      if (!fsync) return Promise.resolve(true);
      // What the disk does not take for good is in the system's hands all the same.
      const safe = new Promise<boolean>((resolve) => writer.sync((error) => resolve(error === null)));
      synced = safe;
      return safe;
    },
    queued: () => sumOf(counts),
    bytes: () =>
      segments().reduce((sum, one) => sum + one.end - Math.max(one.base, Math.min(one.end, progress.delivered)), 0),
    end,
    delivered: () => progress.delivered,
    async next(limit) {
      const begun = progress.sending === null ? null : await readBegun(progress.sending);
      if (begun !== null) return begun;
      for (;;) {
        const segment = segments().find((one) => one.end > progress.delivered);
        if (segment === undefined) return null;
        const batch = await cutNext(segment, limit);
        if (batch !== null) return batch;
        // A line that its process was killed in the middle of: nobody was told that it was written.
        if (segment === writer.active()) return null;
        progress.confirm(segment.end);
        dropDelivered();
      }
    },
    confirm({ start, end: to, count, ndjson }) {
      const segment = segments().find((one) => one.base <= start && to <= one.end);
      if (segment !== undefined) counts.set(segment.base, Math.max(0, (counts.get(segment.base) ?? 0) - count));
      progress.confirm(to);
      memory.giveBack(ndjson);
      dropDelivered();
    },
    dropOldest() {
      const busy = progress.sending;
      const oldest = writer.sealed.find((one) => busy === null || busy.end <= one.base || one.end <= busy.start);
      if (oldest === undefined) return 0;
      const dropped = counts.get(oldest.base) ?? 0;
      writer.sealed.splice(writer.sealed.indexOf(oldest), 1);
      counts.delete(oldest.base);
      unlinkSync(oldest.path);
      return dropped;
    },
    async close() {
      await synced;
      writer.close();
      progress.close();
      if (sumOf(counts) === 0 && end() <= progress.delivered) rmSync(directory, { recursive: true, force: true });
    },
  };
}

function sumOf(counts: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
