// Rows of calls that are past their retention: what goes, and what stays, on a SQLite file and on PostgreSQL.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRecord, KEY_COUNTER, NOW_MS } from '../../src/ledger/__fixtures__/calls.ts';
import { MANUAL, type World } from '../../src/ledger/__fixtures__/ledger-world.ts';
import { checkLedger } from '../../src/ledger/check-ledger.ts';
import { expireCalls } from '../../src/ledger/expire-calls.ts';
import { createWorldOn } from '../support/ledger-world-on.ts';

describe.each(['sqlite', 'postgres'] as const)('rows past their retention on %s', (dialect) => {
  let world: World;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ world, close } = await createWorldOn(dialect));
  });
  afterAll(() => close());

  const check = () => checkLedger(world.storage.reads, dialect);
  const balance = async () => (await world.shippedBalances()).get(KEY_COUNTER) ?? 0;
  const DAY_MS = 86_400_000;
  const old = NOW_MS - 40 * DAY_MS;
  const expire = (limit = 1_000) =>
    expireCalls(world.storage.writes, dialect, { beforeMs: NOW_MS - 30 * DAY_MS, limit });
  const idsOf = async (prefix: string) =>
    (await world.rows())
      .map((row) => row.request_id)
      .filter((id) => id.startsWith(prefix))
      .sort();

  test('go, the oldest first, and balances, days and their check stay as they were', async () => {
    const { ledger } = await world.open(MANUAL);
    for (let call = 0; call < 7; call += 1) {
      await ledger.settle(
        buildRecord(`past${call}`, 10, { startedAtMs: old + (call * DAY_MS) / 2, tags: ['blue', 'red'] }),
      );
    }
    await ledger.settle(buildRecord('past kept', 10, { startedAtMs: NOW_MS - 30 * DAY_MS }));
    await ledger.close();
    const [before, books] = [await world.shippedBalances(), await check()];
    const days = () => world.storage.reads.selectFrom('daily_spend').selectAll().orderBy('day').execute();
    const sums = await days();
    expect(await expire(2)).toBe(2);
    expect(await idsOf('past')).toEqual(['past kept', 'past2', 'past3', 'past4', 'past5', 'past6']);
    expect(await check()).toEqual(books);
    expect(await expire()).toBe(5);
    expect(await expire()).toBe(0);
    expect(await idsOf('past')).toEqual(['past kept']);
    expect(await world.shippedBalances()).toEqual(before);
    expect(await days()).toEqual(sums);
    expect(await check()).toEqual(books);
    expect(books.differing).toBe(0);
  });

  test('are not written again by a journal that is found later, while its other bills are', async () => {
    const { ledger } = await world.open(MANUAL);
    for (const id of ['late known', 'late also known']) {
      await ledger.settle(buildRecord(id, 10, { startedAtMs: old }));
    }
    world.crash();
    await ledger.flush();
    await ledger.close();
    expect(await expire()).toBe(2);
    const before = await balance();
    const { ledger: next } = await world.open(MANUAL);
    await next.settle(buildRecord('late new', 10, { startedAtMs: old }));
    await next.close();
    expect(await idsOf('late')).toEqual(['late new']);
    expect((await balance()) - before).toBe(10);
    expect(await check()).toMatchObject({ differing: 0 });
  });

  test('are counted once when two processes take them away', async () => {
    const { ledger } = await world.open(MANUAL);
    for (let call = 0; call < 50; call += 1) {
      await ledger.settle(buildRecord(`race${call}`, 10, { startedAtMs: old }));
    }
    await ledger.close();
    let taken = 0;
    while ((await idsOf('race')).length > 0) {
      for (const count of await Promise.all([expire(9), expire(9), expire(9)])) taken += count;
    }
    expect(taken).toBeGreaterThanOrEqual(50);
    expect(await check()).toMatchObject({ differing: 0 });
  });
});
