import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStorage } from '../storage/open-storage.ts';
import { buildIntent, buildRecord, KEY_COUNTER, NOW_MS, TEAM_COUNTER } from './__fixtures__/calls.ts';
import { createWorld, MANUAL, type World } from './__fixtures__/ledger-world.ts';
import { checkLedger } from './check-ledger.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld(openStorage);
});
afterEach(async () => {
  await world.close();
});

describe('a settled call', () => {
  test('becomes one row, moves its balances and counts in the daily sums', async () => {
    const { ledger } = await world.open();
    await ledger.open(buildIntent('r1'));
    await ledger.settle(buildRecord('r1', 700));
    await ledger.open(buildIntent('r2'));
    await ledger.settle(buildRecord('r2', 0, { status: 'failure', tags: ['blue', 'blue'] }));
    expect(ledger.backlog()).toBe(2);
    await ledger.flush();
    expect(ledger.backlog()).toBe(0);

    expect(await world.rows()).toEqual([
      { request_id: 'r1', status: 'success', spend_nano_usd: 700 },
      { request_id: 'r2', status: 'failure', spend_nano_usd: 0 },
    ]);
    expect(await world.shippedBalances()).toEqual(
      new Map([
        [KEY_COUNTER, 700],
        [TEAM_COUNTER, 700],
      ]),
    );
    const daily = await world.storage.reads.selectFrom('daily_spend').selectAll().orderBy('tags').execute();
    const day = { day: '2026-03-01', organization_id: '' };
    expect(daily).toEqual([
      expect.objectContaining({ ...day, tags: '["blue","green"]', calls: 1, failures: 0, spend_nano_usd: 700 }),
      expect.objectContaining({ ...day, tags: '["blue"]', calls: 1, failures: 1, spend_nano_usd: 0 }),
    ]);
    expect(await world.storage.reads.selectFrom('daily_tag_spend').selectAll().orderBy('tag').execute()).toEqual([
      { day: '2026-03-01', tag: 'blue', calls: 2, spend_nano_usd: 700 },
      { day: '2026-03-01', tag: 'green', calls: 1, spend_nano_usd: 700 },
    ]);
  });

  test('keeps every field', async () => {
    const { ledger } = await world.open();
    const record = buildRecord('r1', 5, {
      firstTokenAtMs: NOW_MS + 9,
      usageEstimated: true,
      stream: true,
      messages: '[{"role":"user"}]',
      response: '{"id":"x"}',
      metadata: { nested: { list: [1, null, 'two'] } },
    });
    await ledger.settle(record);
    await ledger.flush();
    expect(await world.record('r1')).toEqual(record);
  });

  test('is shipped without being asked, and the listener hears of new rows only', async () => {
    const heard: string[] = [];
    const { ledger } = await world.open({
      shipEveryMs: 1,
      onShipped: (records) => heard.push(...records.map(({ requestId }) => requestId)),
    });
    await ledger.settle(buildRecord('r1'));
    await expect.poll(() => ledger.backlog()).toBe(0);
    await ledger.settle(buildRecord('r1'));
    await ledger.settle(buildRecord('r2'));
    await ledger.flush();
    expect(heard).toEqual(['r1', 'r2']);
  });

  test('counts once when it is handed in twice, in one batch or in two', async () => {
    const { ledger } = await world.open(MANUAL);
    await Promise.all([ledger.settle(buildRecord('r1', 10)), ledger.settle(buildRecord('r1', 99))]);
    await ledger.flush();
    await ledger.settle(buildRecord('r1', 99));
    await ledger.flush();
    expect((await ledger.balances([KEY_COUNTER])).get(KEY_COUNTER)).toBe(10);
    expect((await checkLedger(world.storage.reads, 'sqlite')).differing).toBe(0);
  });

  test('counts in balances from the moment that it is acknowledged', async () => {
    const { ledger } = await world.open(MANUAL);
    await ledger.settle(buildRecord('r1', 10));
    expect(await ledger.balances([KEY_COUNTER, 'key:other/spend'])).toEqual(new Map([[KEY_COUNTER, 10]]));
    await ledger.flush();
    await ledger.settle(buildRecord('r2', 5));
    expect(await ledger.balances([KEY_COUNTER])).toEqual(new Map([[KEY_COUNTER, 15]]));
  });

  test('is refused when its cost is no whole number of nano-dollars', async () => {
    const { ledger } = await world.open();
    await expect(ledger.settle(buildRecord('r1', Number.NaN))).rejects.toMatchObject({ code: 'internal' });
    await expect(ledger.settle(buildRecord('r1', 0.5))).rejects.toMatchObject({ code: 'internal' });
    expect(ledger.backlog()).toBe(0);
  });

  test('is billed whatever the caller wrote into its names', async () => {
    const { ledger } = await world.open();
    const hostile = { model: 'm\0\ud800', endUser: 'x'.repeat(5_000), tags: ['t'.repeat(5_000), '\0'] };
    await ledger.settle(buildRecord('r1', 10, { ...hostile, metadata: { 'a\0': '\udfff' } }));
    await ledger.flush();
    const row = await world.storage.reads.selectFrom('spend_logs').selectAll().executeTakeFirstOrThrow();
    expect(row.model).toBe('m\uFFFD\uFFFD');
    expect(row.end_user?.length).toBeLessThanOrEqual(512);
    expect((await world.record('r1')).metadata).toEqual({ 'a\uFFFD': '\uFFFD' });
  });
});

describe('after a crash', () => {
  test('acknowledged bills that were not shipped are shipped', async () => {
    const { ledger } = await world.open(MANUAL);
    await ledger.open(buildIntent('r1'));
    await ledger.settle(buildRecord('r1', 70));
    world.crash();
    const { recovery, ledger: next } = await world.open(MANUAL);
    expect(recovery).toEqual({ shipped: 1, unsettled: 0, pending: 0, unreadable: 0 });
    expect(next.backlog()).toBe(0);
    expect(await world.rows()).toEqual([{ request_id: 'r1', status: 'success', spend_nano_usd: 70 }]);
  });

  test.each([
    ['hold', 9_000, 9_000],
    ['zero', 0, undefined],
  ] as const)('a call in flight becomes an unsettled row, charged by policy %s', async (unsettled, spend, balance) => {
    const { ledger } = await world.open(MANUAL);
    await ledger.open(buildIntent('r1'));
    world.crash();
    const { recovery } = await world.open({ ...MANUAL, unsettled });
    expect(recovery).toEqual({ shipped: 0, unsettled: 1, pending: 0, unreadable: 0 });
    expect(await world.rows()).toEqual([{ request_id: 'r1', status: 'unsettled', spend_nano_usd: spend }]);
    expect((await world.shippedBalances()).get(KEY_COUNTER)).toBe(balance);
  });

  test('recovering again, from any state in between, adds nothing', async () => {
    const { ledger } = await world.open(MANUAL);
    await ledger.open(buildIntent('r1'));
    await ledger.open(buildIntent('r2'));
    await ledger.settle(buildRecord('r2', 5));
    world.crash();
    const before = world.directory;
    await world.open(MANUAL);
    const expected = { rows: await world.rows(), balances: await world.shippedBalances() };
    world.crash();
    await world.open(MANUAL);
    world.directory = before.replace(/\d+$/, '0');
    world.crash();
    await world.open(MANUAL);
    expect({ rows: await world.rows(), balances: await world.shippedBalances() }).toEqual(expected);
    expect((await checkLedger(world.storage.reads, 'sqlite')).differing).toBe(0);
  });
});

describe('closing', () => {
  test('ships everything and leaves an empty journal, so the next start finds nothing', async () => {
    const { ledger } = await world.open(MANUAL);
    await ledger.open(buildIntent('r1'));
    await ledger.settle(buildRecord('r1'));
    await ledger.close();
    expect(await world.rows()).toHaveLength(1);
    const { recovery } = await world.open(MANUAL);
    expect(recovery).toEqual({ shipped: 0, unsettled: 0, pending: 0, unreadable: 0 });
  });

  test('refuses what comes later', async () => {
    const { ledger } = await world.open(MANUAL);
    await ledger.close();
    await expect(ledger.open(buildIntent('r1'))).rejects.toMatchObject({ code: 'shutting_down' });
    await expect(ledger.settle(buildRecord('r1'))).rejects.toMatchObject({ code: 'shutting_down' });
  });

  test('leaves calls in flight to the next start', async () => {
    const { ledger } = await world.open(MANUAL);
    await ledger.open(buildIntent('r1'));
    await ledger.close();
    const { recovery } = await world.open(MANUAL);
    expect(recovery.unsettled).toBe(1);
  });
});

test('a second process is refused the directory while the first one lives', async () => {
  const { ledger } = await world.open();
  await expect(world.open()).rejects.toThrow(/in use by another running process \(pid \d+\)/);
  await ledger.settle(buildRecord('r1'));
  await ledger.close();
  await expect(world.open()).resolves.toBeDefined();
});
