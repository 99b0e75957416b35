import type { SegmentWriter } from './segment-writer.ts';

/**
 * Lines of one log. Those of one turn of the event loop are written with one system call at its end, so that they survive
 * the end of this process from the moment their promise resolves, at a cost shared by all of the turn.
 */
export interface LineAppender {
  /**
   * Takes the first `length` bytes, a line with its end, which may be written over as soon as this returns. True: it is safe;
   * false: it could not be written. Never rejects.
   */
  append(line: Buffer, length: number): Promise<boolean>;
  /** Resolves when nothing waits to be written any more. */
  drain(): Promise<void>;
}

export interface LineAppenderOptions {
  writer: SegmentWriter;
  /** Also wait for the disk, so that a power failure loses nothing that was acknowledged. */
  fsync: boolean;
  /** Called before lines are written: what must not come after them is written by now. */
  beforeWrite?: (() => void) | undefined;
  /** So many lines and bytes have been written at the log's end. */
  onWritten: (lines: number, bytes: number) => void;
  /** So many lines could not be written. */
  onFailed: (lines: number, error: Error) => void;
}

interface Group {
  lines: number;
  done: Promise<boolean>;
  resolve: (written: boolean) => void;
}

const SPARE_BYTES = 64 * 1024;
const KEPT_BUFFER_BYTES = 1024 * 1024;

export function createLineAppender(options: LineAppenderOptions): LineAppender {
  const { writer, fsync, beforeWrite, onWritten, onFailed } = options;
  let buffer = Buffer.alloc(0);
  let used = 0;
  let gathering: Group | undefined;
  let latest: Promise<unknown> = Promise.resolve();

  function push(line: Buffer, length: number): void {
    const needed = used + length;
    if (needed > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(SPARE_BYTES, needed * 2));
      buffer.copy(larger, 0, 0, used);
      buffer = larger;
    }
    line.copy(buffer, used, 0, length);
    used = needed;
  }

  function write(): void {
    beforeWrite?.();
    const group = gathering as Group;
    gathering = undefined;
    const bytes = used;
    used = 0;
    try {
      writer.write(buffer, bytes);
    } catch (error) {
      onFailed(group.lines, error as Error);
      group.resolve(false);
      return;
    }
    if (buffer.length > KEPT_BUFFER_BYTES) buffer = Buffer.alloc(0);
    onWritten(group.lines, bytes);
    if (!fsync) group.resolve(true);
    // What the disk does not take for good is in the system's hands all the same.
    else writer.sync((error) => group.resolve(error === null));
  }

  return {
    append(line, length) {
      if (gathering === undefined) {
        gathering = createGroup();
        latest = gathering.done;
        setImmediate(write);
      }
      gathering.lines += 1;
      push(line, length);
      return gathering.done;
    },
    async drain() {
      await latest;
    },
  };
}

function createGroup(): Group {
  const group: Group = { lines: 0, done: Promise.resolve(true), resolve: () => {} };
  group.done = new Promise((resolve) => {
    group.resolve = resolve;
  });
  return group;
}
