import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLines } from './read-lines.ts';
import { countWrittenBytes, listSegments, segmentPath } from './segment-files.ts';
import { createSegmentWriter } from './segment-writer.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-segments-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (segmentBytes: number) =>
  createSegmentWriter({ directory, leftovers: [], base: 0, segmentBytes, fsync: false });

function write(writer: ReturnType<typeof open>, text: string): number {
  const bytes = Buffer.from(text);
  return writer.write(bytes, bytes.length);
}

/** What a process finds that comes after one that was killed: its files as they are at this moment. */
const find = () =>
  listSegments(directory).map(({ path, base, end }) => ({
    base,
    end,
    lines: [...readLines(path, 0, end - base)].map(({ text }) => text),
  }));

test('of a log that is still written to, exactly what has been written is found', () => {
  const writer = open(1 << 20);
  const line = `${'x'.repeat(999)}\n`;
  for (let index = 0; index < 200; index += 1) {
    expect(write(writer, line)).toBe(index * 1000);
    expect(find()).toMatchObject([{ base: 0, end: (index + 1) * 1000 }]);
  }
  expect(find()[0]?.lines).toHaveLength(200);
  expect(statSync(segmentPath(directory, 0)).size).toBeGreaterThan(200_000);
});

test('a line of any length is found whole, and a cut one as far as it came', () => {
  const writer = open(1 << 20);
  const lines = [10, 64 * 1024, 3, 200_000, 70_000, 1].map((length) => 'y'.repeat(length));
  for (const line of lines) write(writer, `${line}\n`);
  write(writer, '{"cut');
  expect(find()).toEqual([{ base: 0, end: lines.join('\n').length + 1 + 5, lines }]);
});

test('segments that are done with are as long as what they hold', () => {
  const writer = open(100);
  const line = `${'z'.repeat(59)}\n`;
  for (let index = 0; index < 3; index += 1) write(writer, line);
  expect(writer.sealed.map(({ path }) => statSync(path).size)).toEqual([60, 60]);
  writer.close();
  expect(listSegments(directory).map(({ path }) => readFileSync(path, 'utf8'))).toEqual([line, line, line]);
});

test('a file that nothing came to be written to is no segment', () => {
  writeFileSync(segmentPath(directory, 7), Buffer.alloc(150_000));
  expect(listSegments(directory)).toEqual([]);
  const path = segmentPath(directory, 9);
  writeFileSync(path, 'line\n');
  appendFileSync(path, Buffer.alloc(150_000));
  expect(countWrittenBytes(path)).toBe(5);
});
