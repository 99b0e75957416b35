import { closeSync, openSync, readSync } from 'node:fs';

/** A line without its end; `start` and `end` (behind the line end) are offsets in the file. */
export interface Line {
  text: string;
  start: number;
  end: number;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * The complete lines of a file between two offsets, `from` being the start of one. Bytes behind the last line end are
 * left out: a process was killed while writing them, before it had told anybody that they were written.
 * Synchronous, because nothing may be appended between reading the end and knowing that it was the end.
 */
export function* readLines(path: string, from: number, to: number): Generator<Line> {
  const fd = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let held = 0;
    let lineStart = from;
    let position = from;
    while (position < to) {
      if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const count = readSync(fd, buffer, held, Math.min(buffer.length - held, to - position), position);
      if (count === 0) break;
      const filled = buffer.subarray(0, held + count);
      let cursor = 0;
      for (let at = filled.indexOf(10, held); at !== -1; at = filled.indexOf(10, cursor)) {
        const end = lineStart + at + 1 - cursor;
        yield { text: filled.toString('utf8', cursor, at), start: lineStart, end };
        lineStart = end;
        cursor = at + 1;
      }
      filled.copy(buffer, 0, cursor);
      held = filled.length - cursor;
      position += count;
    }
  } finally {
    closeSync(fd);
  }
}
