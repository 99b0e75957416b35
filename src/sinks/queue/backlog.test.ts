import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type Sink, SinkError } from '../sink.ts';
import { createBatchMemory } from './batch-memory.ts';
import { createSender } from './sender.ts';
import { beginSpool } from './spool.ts';

const MIB = 1024 * 1024;
const RECORDS = 40_000;
const LINE = Buffer.from(`{"id":"${'x'.repeat(1_500)}"}\n`);

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What this process holds on to. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('a backlog far larger than memory should hold is on disk, and is sent a batch at a time', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-backlog-'));
  const spool = beginSpool({
    directory,
    segmentBytes: 4 * MIB,
    fsync: false,
    memory: createBatchMemory(),
    nowMs: Date.now,
    onWritten: () => sender.wake(),
    onFailed: (_lines, error) => expect.unreachable(error.message),
  });
  let away = true;
  let delivered = 0;
  let largest = 0;
  const sink: Sink = {
    type: 'test',
    async deliver(batch) {
      if (away) throw new SinkError('later', 'away');
      delivered += batch.count;
      largest = Math.max(largest, batch.count);
    },
    close: async () => {},
  };
  const sender = createSender({
    spools: () => [spool],
    active: () => spool,
    rule: { maxRecords: 500, maxBytes: 8 * MIB, intervalMs: 10 },
    findSink: async () => sink,
    onRefused: () => expect.unreachable(),
    onTrouble: () => {},
    onDelivered: () => {},
    onDrained: () => {},
    random: () => 0,
  });
  try {
    const before = heldBytes();
    for (let made = 0; made < RECORDS; made += 200) {
      await Promise.all(Array.from({ length: 200 }, () => spool.append(LINE, LINE.length, 1)));
    }
    await sender.flush().catch(() => {});
    expect(spool.queued()).toBe(RECORDS);
    expect(spool.bytes()).toBeGreaterThan(55 * MIB);
    expect(heldBytes() - before).toBeLessThan(8 * MIB);
    away = false;
    await sender.flush();
    expect(delivered).toBe(RECORDS);
    expect(largest).toBeLessThanOrEqual(500);
    expect(spool.queued()).toBe(0);
  } finally {
    await sender.stop();
    await spool.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
