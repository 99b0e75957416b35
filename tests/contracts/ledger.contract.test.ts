// Shipping, balances, recovery and the check that all of it adds up, on a SQLite file and on PostgreSQL.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildIntent, buildRecord, KEY_COUNTER, NOW_MS } from '../../src/ledger/__fixtures__/calls.ts';
import { MANUAL, type World, withHooks } from '../../src/ledger/__fixtures__/ledger-world.ts';
import { checkLedger } from '../../src/ledger/check-ledger.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { createWorldOn } from '../support/ledger-world-on.ts';

describe.each(['sqlite', 'postgres'] as const)('the ledger on %s', (dialect) => {
  let world: World;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ world, close } = await createWorldOn(dialect));
  });
  afterAll(() => close());

  const check = () => checkLedger(world.storage.reads, dialect);
  const balance = async () => (await world.shippedBalances()).get(KEY_COUNTER) ?? 0;
  const findRow = (id: string) =>
    world.storage.reads.selectFrom('spend_logs').selectAll().where('request_id', '=', id).executeTakeFirstOrThrow();

  test('every field arrives as it left', async () => {
    const { ledger } = await world.open(MANUAL);
    const record = buildRecord('fields', 12_345_678_901, {
      firstTokenAtMs: NOW_MS + 9,
      usageEstimated: true,
      stream: true,
      status: 'aborted',
      messages: '[{"role":"user","content":"“quoted” \\ 🎉"}]',
      metadata: { nested: { list: [1, null, 'two', 0.1] } },
    });
    await ledger.settle(record);
    await ledger.close();
    expect(await world.record('fields')).toEqual(record);
    const { record: _whole, seq: _number, ...columns } = { seq: 0, ...(await findRow('fields')) };
    for (const [column, value] of Object.entries(columns)) {
      const field = column.replace(/_[a-z]/g, (part) => part.slice(1).toUpperCase()) as keyof typeof record;
      expect(value, column).toBe(record[field]);
    }
  });

  test('a batch is counted once however often it is shipped', async () => {
    const before = await balance();
    const { ledger } = await world.open(MANUAL);
    for (let call = 0; call < 50; call += 1) await ledger.settle(buildRecord(`batch${call}`, 10));
    world.crash();
    await ledger.flush();
    const second = await world.open(MANUAL);
    expect(second.recovery).toMatchObject({ shipped: 0, pending: 0 });
    expect((await balance()) - before).toBe(500);
    await second.ledger.close();
    expect(await check()).toMatchObject({ differing: 0 });
  });

  test('an answer to a commit that got lost changes nothing', async () => {
    let lost = true;
    const database = withHooks(world.storage.writes, {
      committed() {
        if (lost) throw new Error('connection terminated');
      },
    });
    const before = await balance();
    const { ledger } = await world.open({ ...MANUAL, database, reads: world.storage.reads });
    await ledger.settle(buildRecord('lost', 10));
    await expect(ledger.flush()).rejects.toMatchObject({ code: 'database_unavailable' });
    lost = false;
    expect((await ledger.balances([KEY_COUNTER])).get(KEY_COUNTER)).toBe(before + 10);
    expect(await balance()).toBe(before + 10);
    await ledger.close();
  });

  test('a call whose process died becomes an unsettled row', async () => {
    const { ledger } = await world.open(MANUAL);
    await ledger.open(buildIntent('died'));
    world.crash();
    const { recovery, ledger: next } = await world.open(MANUAL);
    expect(recovery).toMatchObject({ unsettled: 1, pending: 0 });
    expect(await findRow('died')).toMatchObject({ status: 'unsettled', spend_nano_usd: 9_000 });
    expect(await world.record('died')).toMatchObject({ status: 'unsettled', spendNanoUsd: 9_000, httpStatus: 0 });
    await next.close();
  });

  // Rows may be kept in parts by their beginning, and only within a part is a call told from its repetition.
  test('a bill begins when its call began, whether the call settled or died, however late it is written', async () => {
    const before = await balance();
    const startedAtMs = NOW_MS - 1;
    const { ledger } = await world.open(MANUAL);
    await ledger.open(buildIntent('twice', { startedAtMs }));
    world.crash();
    const { ledger: next } = await world.open({ ...MANUAL, nowMs: () => NOW_MS + 86_400_000 });
    expect(await world.record('twice')).toMatchObject({ status: 'unsettled', startedAtMs });
    const held = (await balance()) - before;
    await ledger.settle(buildRecord('twice', 10, { startedAtMs }));
    await ledger.flush();
    expect(await world.record('twice')).toMatchObject({ status: 'unsettled', startedAtMs });
    expect((await balance()) - before).toBe(held);
    await next.close();
    await ledger.close();
    expect(await check()).toMatchObject({ differing: 0 });
  });

  test('whatever a caller writes into names is billed', async () => {
    const { ledger } = await world.open(MANUAL);
    const long = 'ü'.repeat(20_000);
    await ledger.settle(
      buildRecord('hostile', 10, {
        model: 'm\0\ud800',
        modelGroup: long,
        endUser: long,
        userId: long,
        tags: [long, '\0', '\\u0000'],
        metadata: { 'a\0': '\udfff\\u0000' },
      }),
    );
    await ledger.flush();
    expect(world.log.filter(({ level }) => level === 'error')).toEqual([]);
    expect((await findRow('hostile')).model).toBe('m\uFFFD\uFFFD');
    await ledger.close();
  });

  test('a bill that the database will never take is put aside and holds up none of the others', async () => {
    const { ledger } = await world.open(MANUAL);
    const before = await balance();
    for (let call = 0; call < 5; call += 1) {
      const startedAtMs = call === 2 ? Number.NaN : NOW_MS;
      await ledger.settle(buildRecord(`odd${call}`, 10, { startedAtMs }));
    }
    await ledger.flush();
    expect((await balance()) - before).toBe(40);
    expect(world.log.filter(({ level }) => level === 'error')).toHaveLength(1);
    await ledger.close();
  });

  test('processes that ship at the same time add up, and none waits for ever', async () => {
    const before = await check();
    const ledgers = await Promise.all(
      Array.from({ length: 4 }, (_, process) =>
        openLedger({
          directory: `${world.directory}-${process}`,
          database: world.storage.writes,
          dialect,
          fsync: false,
          nowMs: () => NOW_MS,
          logger: world.logger,
          shipEveryMs: 1,
          maxBatch: 7,
        }),
      ),
    );
    await Promise.all(
      ledgers.map(async ({ ledger }, process) => {
        for (let call = 0; call < 60; call += 1) {
          const counters = [`shared ${call % 5}`, `shared ${(call + process) % 5}`, `own ${process}`];
          const balances = counters.map((counter) => ({ counter, nanoUsd: 1 }));
          // Every tenth call is claimed by all of them.
          const id = call % 10 === 0 ? `both ${call}` : `p${process} ${call}`;
          await ledger.settle(buildRecord(id, 3, { balances, userId: `user ${(call * 7) % 11}` }));
        }
        await ledger.close();
      }),
    );
    const after = await check();
    expect(after.calls - before.calls).toBe(4 * 54 + 6);
    expect(after.spendNanoUsd - before.spendNanoUsd).toBe((4 * 54 + 6) * 3);
    expect(after.differences).toEqual([]);
  });

  test('the check finds what does not add up', async () => {
    const { writes } = world.storage;
    const before = await balance();
    await writes.updateTable('balances').set({ nano_usd: 1 }).where('counter', '=', KEY_COUNTER).execute();
    await writes.updateTable('daily_spend').set({ spend_nano_usd: 0 }).where('day', '=', '2026-03-01').execute();
    const { calls, spendNanoUsd, differences } = await check();
    expect(calls).toBeGreaterThan(0);
    expect(differences).toEqual([
      { kind: 'balance', of: KEY_COUNTER, expected: before, actual: 1 },
      { kind: 'daily', of: '2026-03-01', expected: spendNanoUsd, actual: 0 },
    ]);
  });
});
