import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStorage } from '../storage/open-storage.ts';
import { buildRecord, KEY_COUNTER, TEAM_COUNTER } from './__fixtures__/calls.ts';
import { createWorld, type World } from './__fixtures__/ledger-world.ts';
import { checkLedger } from './check-ledger.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld(openStorage);
  const { ledger } = await world.open();
  await ledger.settle(buildRecord('r1', 10));
  await ledger.settle(buildRecord('r2', 5, { startedAtMs: Date.UTC(2026, 2, 1, 23, 59, 59, 999) }));
  await ledger.settle(buildRecord('r3', 2, { startedAtMs: Date.UTC(2026, 2, 2) }));
  await ledger.flush();
});
afterEach(async () => {
  await world.close();
});

test('an empty ledger and a sound one add up', async () => {
  const empty = await createWorld(openStorage);
  expect(await checkLedger(empty.storage.reads, 'sqlite')).toEqual({
    calls: 0,
    spendNanoUsd: 0,
    differing: 0,
    differences: [],
  });
  await empty.close();
  expect(await checkLedger(world.storage.reads, 'sqlite')).toEqual({
    calls: 3,
    spendNanoUsd: 17,
    differing: 0,
    differences: [],
  });
});

test('an adjustment is part of its balance', async () => {
  const adjustment = { id: 'a1', counter: KEY_COUNTER, delta_nano_usd: 100, reason: 'spend_set', at_ms: 1 };
  await world.storage.writes.insertInto('balance_adjustments').values(adjustment).execute();
  const before = await checkLedger(world.storage.reads, 'sqlite');
  expect(before.differences).toEqual([{ kind: 'balance', of: KEY_COUNTER, expected: 117, actual: 17 }]);
  await world.storage.writes
    .updateTable('balances')
    .set({ nano_usd: 117 })
    .where('counter', '=', KEY_COUNTER)
    .execute();
  expect((await checkLedger(world.storage.reads, 'sqlite')).differing).toBe(0);
});

test('names every sum that was tampered with', async () => {
  const { writes, reads } = world.storage;
  await writes.deleteFrom('balances').where('counter', '=', TEAM_COUNTER).execute();
  await writes.updateTable('daily_spend').set({ spend_nano_usd: 3 }).where('day', '=', '2026-03-02').execute();
  await writes.insertInto('balances').values({ counter: 'stray', nano_usd: 1, key_id: null }).execute();
  expect(await checkLedger(reads, 'sqlite')).toMatchObject({
    differing: 3,
    differences: [
      { kind: 'balance', of: 'stray', expected: 0, actual: 1 },
      { kind: 'balance', of: TEAM_COUNTER, expected: 17, actual: 0 },
      { kind: 'daily', of: '2026-03-02', expected: 2, actual: 3 },
    ],
  });
});

test('names days whose calls, tokens or tags are not those of the rows', async () => {
  const { writes, reads } = world.storage;
  const add = (column: 'calls' | 'cache_write_tokens') => ({ [column]: sql<number>`${sql.ref(column)} + 1` });
  await writes.updateTable('daily_spend').set(add('calls')).where('day', '=', '2026-03-02').execute();
  await writes.updateTable('daily_spend').set(add('cache_write_tokens')).where('day', '=', '2026-03-02').execute();
  await writes.deleteFrom('daily_tag_spend').where('tag', '=', 'blue').where('day', '=', '2026-03-01').execute();
  expect((await checkLedger(reads, 'sqlite')).differences).toEqual([
    { kind: 'daily_calls', of: '2026-03-02', expected: 1, actual: 2 },
    { kind: 'daily_tokens', of: '2026-03-02', expected: 44, actual: 45 },
    { kind: 'daily_tags', of: '2026-03-01', expected: 30, actual: 15 },
  ]);
});

test('with very many differences it counts all and names a hundred', async () => {
  const strays = Array.from({ length: 250 }, (_, n) => ({ counter: `stray ${n}`, nano_usd: 1, key_id: null }));
  await world.storage.writes.insertInto('balances').values(strays).execute();
  const check = await checkLedger(world.storage.reads, 'sqlite');
  expect(check.differing).toBe(250);
  expect(check.differences).toHaveLength(100);
});
