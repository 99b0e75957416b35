import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createBatchMemory } from './batch-memory.ts';
import { beginSpool } from './spool.ts';

const LINE = Buffer.from(`{"id":"${'x'.repeat(100)}"}\n`);
const LIMIT = { maxRecords: 2, maxBytes: 1024 * 1024 };

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).reverse()) await act();
});

function begin() {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-spool-'));
  const spool = beginSpool({
    directory,
    segmentBytes: 4 * LINE.length,
    fsync: false,
    memory: createBatchMemory(),
    nowMs: () => 0,
    onWritten: () => {},
    onFailed: (_lines, error) => expect.unreachable(error.message),
  });
  cleanUp.push(
    () => rmSync(directory, { recursive: true, force: true }),
    () => spool.close(),
  );
  return spool;
}

it('a segment that is given up while a batch is read from it is not sent any more', async () => {
  const spool = begin();
  for (let line = 0; line < 8; line += 1) await spool.append(LINE, LINE.length, 1);
  const reading = spool.next(LIMIT);
  expect(spool.dropOldest()).toBe(4);
  const batch = await reading;
  expect(batch?.start).toBe(4 * LINE.length);
  expect([spool.queued(), batch?.count]).toEqual([4, 2]);
});

it('one that a batch is being sent from is kept', async () => {
  const spool = begin();
  for (let line = 0; line < 8; line += 1) await spool.append(LINE, LINE.length, 1);
  const batch = await spool.next(LIMIT);
  expect([batch?.start, spool.dropOldest(), spool.queued()]).toEqual([0, 0, 8]);
});
