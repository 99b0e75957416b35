import { expect, test } from 'vitest';
import { createLineAppender } from './line-appender.ts';
import type { SegmentWriter } from './segment-writer.ts';

function setUp(beforeWrite?: () => void) {
  const written: string[] = [];
  const disk = { full: false };
  const writer = {
    write(buffer: Buffer, bytes: number) {
      if (disk.full) throw new Error('ENOSPC');
      written.push(buffer.toString('utf8', 0, bytes));
      return 0;
    },
  } as SegmentWriter;
  const failed: number[] = [];
  const appender = createLineAppender({
    writer,
    fsync: false,
    beforeWrite,
    onWritten: () => {},
    onFailed: (lines) => failed.push(lines),
  });
  const append = (text: string) => {
    const line = Buffer.from(text);
    const done = appender.append(line, line.length);
    // The line was taken.
    line.fill('-');
    return done;
  };
  return { append, appender, written, disk, failed };
}

test('lines of one turn are one write, and what they were made of may be written over at once', async () => {
  const { append, written } = setUp();
  expect(await Promise.all([append('a\n'), append(`${'é'.repeat(50_000)}\n`), append('b\n')])).toEqual([
    true,
    true,
    true,
  ]);
  expect(written).toEqual([`a\n${'é'.repeat(50_000)}\nb\n`]);
});

test('whoever must come first is asked before every write', async () => {
  const order: string[] = [];
  const { append, written, appender } = setUp(() => order.push(`first, then ${written.length}`));
  const first = append('a\n');
  await first;
  void append('b\n');
  await appender.drain();
  expect(order).toEqual(['first, then 0', 'first, then 1']);
  expect(written).toEqual(['a\n', 'b\n']);
});

test('lines that cannot be written are told, and the next ones can be', async () => {
  const { append, written, disk, failed } = setUp();
  disk.full = true;
  expect(await Promise.all([append('a\n'), append('b\n')])).toEqual([false, false]);
  disk.full = false;
  expect(await append('c\n')).toBe(true);
  expect([failed, written]).toEqual([[2], ['c\n']]);
});
