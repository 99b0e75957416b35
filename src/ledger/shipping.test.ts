import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listSegments } from '../append-log/segment-files.ts';
import { openStorage } from '../storage/open-storage.ts';
import { buildRecord, KEY_COUNTER } from './__fixtures__/calls.ts';
import { createWorld, type LedgerTables, MANUAL, type World, withHooks } from './__fixtures__/ledger-world.ts';
import { checkLedger } from './check-ledger.ts';

let world: World;
let down: boolean;
let database: Kysely<LedgerTables>;
beforeEach(async () => {
  world = await createWorld(openStorage);
  down = false;
  database = withHooks(world.storage.writes, {
    begin() {
      if (down) throw new Error('connection refused');
    },
  });
});
afterEach(async () => {
  down = false;
  await world.close();
});

async function expectConsistent(): Promise<void> {
  expect((await checkLedger(world.storage.reads, 'sqlite')).differences).toEqual([]);
}

describe('a database that is down', () => {
  test('bills wait, flush says so, and all are shipped once it is back', async () => {
    const { ledger } = await world.open({ database, shipEveryMs: 1 });
    down = true;
    for (let call = 0; call < 20; call += 1) await ledger.settle(buildRecord(`r${call}`, 10));
    await expect(ledger.flush()).rejects.toMatchObject({ code: 'database_unavailable', status: 503 });
    expect(ledger.backlog()).toBe(20);
    down = false;
    await expect.poll(() => ledger.backlog(), { timeout: 4_000 }).toBe(0);
    expect(await world.rows()).toHaveLength(20);
    await expectConsistent();
  });

  test('is told to the log once when it goes and once when it is back', async () => {
    const { ledger } = await world.open({ database, ...MANUAL });
    down = true;
    await ledger.settle(buildRecord('r1'));
    for (let attempt = 0; attempt < 5; attempt += 1) await ledger.flush().catch(() => {});
    down = false;
    await ledger.flush();
    await ledger.flush();
    expect(world.log.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  test('holds only so many bills in memory; the others are read back from the journal, in order, none twice', async () => {
    const shipped: string[] = [];
    const { ledger } = await world.open({
      database,
      ...MANUAL,
      maxRecordsInMemory: 5,
      maxBatch: 3,
      segmentBytes: 4_000,
      onShipped: (records) => shipped.push(...records.map(({ requestId }) => requestId)),
    });
    down = true;
    const ids = Array.from({ length: 40 }, (_, call) => `r${call}`);
    for (const id of ids.slice(0, 30)) await ledger.settle(buildRecord(id, 10));
    await expect(ledger.flush()).rejects.toThrow();
    expect(ledger.backlog()).toBe(30);
    down = false;
    const flushed = ledger.flush();
    for (const id of ids.slice(30)) await ledger.settle(buildRecord(id, 10));
    await flushed;
    await ledger.flush();
    expect(shipped).toEqual(ids);
    expect(ledger.backlog()).toBe(0);
    expect(await ledger.balances([KEY_COUNTER])).toEqual(new Map([[KEY_COUNTER, 400]]));
    await expectConsistent();
  });

  test('does not hold up the start; what was left is shipped later, and balances say 503 until they can be known', async () => {
    const first = await world.open(MANUAL);
    await first.ledger.settle(buildRecord('r1', 70));
    world.crash();
    down = true;
    const { ledger, recovery } = await world.open({ database, shipEveryMs: 1 });
    expect(recovery).toEqual({ shipped: 0, unsettled: 0, pending: 1, unreadable: 0 });
    await expect(ledger.balances([KEY_COUNTER])).rejects.toMatchObject({ code: 'database_unavailable' });
    down = false;
    await expect.poll(() => ledger.backlog(), { timeout: 4_000 }).toBe(0);
    expect(await ledger.balances([KEY_COUNTER])).toEqual(new Map([[KEY_COUNTER, 70]]));
  });

  test('that never answers does not hold up the start either', async () => {
    const first = await world.open(MANUAL);
    await first.ledger.settle(buildRecord('r1', 70));
    world.crash();
    let answer = () => {};
    const hanging = withHooks(world.storage.writes, {
      commit: () => new Promise<void>((resolve) => (answer = resolve)),
    });
    const { recovery } = await world.open({ database: hanging, patienceMs: 10 });
    expect(recovery.pending).toBe(1);
    answer();
  });
});

describe('balances', () => {
  test('never count a bill twice or leave it out while it is being committed', async () => {
    const onFile = await createWorld(openStorage, { inFile: true });
    const { reads, writes } = onFile.storage;
    let slow = false;
    let reachCommit = () => {};
    let letCommit = () => {};
    const reached = new Promise<void>((resolve) => (reachCommit = resolve));
    const allowed = new Promise<void>((resolve) => (letCommit = resolve));
    const delayed = withHooks(writes, {
      commit() {
        reachCommit();
        return slow ? allowed : undefined;
      },
      committed: () => (slow ? new Promise((resolve) => setTimeout(resolve, 5)) : undefined),
    });
    const { ledger } = await onFile.open({ database: delayed, reads, ...MANUAL });
    await ledger.settle(buildRecord('r1', 100));
    slow = true;
    const flushing = ledger.flush();
    await reached;
    const during = Array.from({ length: 5 }, () => ledger.balances([KEY_COUNTER]));
    await ledger.settle(buildRecord('r2', 11));
    letCommit();
    await flushing;
    const after = ledger.balances([KEY_COUNTER]);
    for (const sums of await Promise.all([...during, after])) expect(sums.get(KEY_COUNTER)).toBe(111);
    await onFile.close();
  });

  test('stay right in the midst of constant shipping', async () => {
    const onFile = await createWorld(openStorage, { inFile: true });
    const { ledger } = await onFile.open({ reads: onFile.storage.reads, shipEveryMs: 0, maxBatch: 2 });
    for (let call = 1; call <= 60; call += 1) {
      const settled = ledger.settle(buildRecord(`r${call}`, 1));
      const during = (await ledger.balances([KEY_COUNTER])).get(KEY_COUNTER) ?? 0;
      expect([call - 1, call]).toContain(during);
      await settled;
      expect((await ledger.balances([KEY_COUNTER])).get(KEY_COUNTER)).toBe(call);
    }
    await onFile.close();
  });

  test('are right after a commit whose answer was lost', async () => {
    let lost = true;
    const unreliable = withHooks(world.storage.writes, {
      committed() {
        if (lost) throw new Error('connection terminated');
      },
    });
    const { ledger } = await world.open({ database: unreliable, ...MANUAL });
    await ledger.settle(buildRecord('r1', 10));
    await expect(ledger.flush()).rejects.toMatchObject({ code: 'database_unavailable' });
    expect((await world.shippedBalances()).get(KEY_COUNTER)).toBe(10);
    await expect(ledger.balances([KEY_COUNTER])).rejects.toMatchObject({ code: 'database_unavailable' });
    lost = false;
    await ledger.settle(buildRecord('r2', 5));
    expect((await ledger.balances([KEY_COUNTER])).get(KEY_COUNTER)).toBe(15);
    await ledger.flush();
    expect((await world.shippedBalances()).get(KEY_COUNTER)).toBe(15);
    await expectConsistent();
  });

  test('are known while the database can be read but not written', async () => {
    const { ledger } = await world.open({ database, reads: world.storage.reads, ...MANUAL });
    await ledger.settle(buildRecord('r1', 10));
    down = true;
    await expect(ledger.flush()).rejects.toThrow();
    expect((await ledger.balances([KEY_COUNTER])).get(KEY_COUNTER)).toBe(10);
  });
});

test('a bill that the database will never take is put aside, and holds up none of the others', async () => {
  const { ledger } = await world.open(MANUAL);
  for (let call = 0; call < 9; call += 1) {
    const startedAtMs = call === 4 ? Number.NaN : Date.UTC(2026, 0, 1);
    await ledger.settle(buildRecord(`r${call}`, 10, { startedAtMs }));
  }
  await ledger.flush();
  expect((await world.rows()).map((row) => row.request_id)).toEqual(['r0', 'r1', 'r2', 'r3', 'r5', 'r6', 'r7', 'r8']);
  expect((await ledger.balances([KEY_COUNTER])).get(KEY_COUNTER)).toBe(80);
  expect(world.log.filter(({ level }) => level === 'error')).toHaveLength(1);
  expect(ledger.backlog()).toBe(0);
  await expectConsistent();
});

test('a commit that is answered after closing touches nothing in a journal that may be another process’s by now', async () => {
  let letCommit = () => {};
  const allowed = new Promise<void>((resolve) => (letCommit = resolve));
  const slow = withHooks(world.storage.writes, { commit: () => allowed });
  const { ledger } = await world.open({ ...MANUAL, database: slow, segmentBytes: 2_000, patienceMs: 10 });
  for (let call = 0; call < 9; call += 1) await ledger.settle(buildRecord(`r${call}`, 10));
  const flushing = ledger.flush();
  await ledger.close();
  const left = listSegments(world.directory);
  letCommit();
  await expect(flushing).rejects.toMatchObject({ code: 'shutting_down' });
  expect(listSegments(world.directory)).toEqual(left);
  const { recovery } = await world.open(MANUAL);
  expect(recovery).toMatchObject({ shipped: 0, pending: 0 });
  expect((await world.shippedBalances()).get(KEY_COUNTER)).toBe(90);
});
