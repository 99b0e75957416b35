// Limits that are counted in PostgreSQL while it does not answer: what was left is shared out, and when it is back it is
// told everything, once.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Charge, Hold } from '../../src/core/charge.ts';
import { buildCharge } from '../../src/counters/__fixtures__/charge.ts';
import type { ExecuteSql } from '../../src/counters/batch-queue.ts';
import type { Counters } from '../../src/counters/counters.ts';
import { createCountersThroughOutages, type OutageOptions } from '../../src/counters/counters-through-outages.ts';
import { createPostgresCounters } from '../../src/counters/postgres-counters.ts';
import { noAnswer } from '../../src/counters/store-away.ts';
import { type Connection, openConnection } from '../../src/storage/connection.ts';
import { createExecuteSql } from '../../src/storage/execute-sql.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { emptyCounters } from '../support/empty-counters.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const LEASE = 20_000;
const NOW = Date.now();
const money = buildCharge({ unit: 'nano_usd', counter: 'key:1/spend', ceiling: 100 });
const slots = buildCharge({ unit: 'slots', counter: 'key:1/slots', ceiling: 6 });

let database: TestDatabase;
let connection: Connection;
let execute: ExecuteSql;
let ledger: Map<string, number>;
let away: boolean;
let log: boolean[];

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  connection = openConnection({ url: database.url, poolSize: 8, queryTimeoutMs: 30_000 });
  execute = createExecuteSql(connection.writes);
});
beforeEach(async () => {
  await emptyCounters(execute);
  ledger = new Map();
  away = false;
  log = [];
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});

function open(processId: string, options: Partial<OutageOptions> = {}): Counters {
  return createCountersThroughOutages({
    store: createPostgresCounters({
      execute: (sql, parameters) => (away ? Promise.reject(noAnswer()) : execute(sql, parameters)),
      processId,
      loadBalances: async () => {
        if (away) throw noAnswer();
        return ledger;
      },
    }),
    processId,
    mode: 'local',
    liveProcesses: () => 2,
    onAway: (value) => log.push(value),
    ...options,
  });
}

async function hold(counters: Counters, ...charges: Charge[]): Promise<Hold> {
  const reservation = await counters.reserve(charges, NOW, LEASE);
  if (!reservation.granted) throw new Error(`refused by ${reservation.shortage.charge.counter}`);
  return reservation.hold;
}
async function grants(counters: Counters, count: number, one: Charge): Promise<Hold[]> {
  const all = await Promise.all(Array.from({ length: count }, () => counters.reserve([one], NOW, LEASE)));
  return all.flatMap((reservation) => (reservation.granted ? [reservation.hold] : []));
}
/** As the timer does, until the database has answered. */
async function untilBack(counters: Counters): Promise<void> {
  await expect
    .poll(
      async () => {
        await counters.expire(NOW);
        return log.at(-1);
      },
      { timeout: 10_000 },
    )
    .toBe(false);
}
const used = (nanoUsd: number) => ({ tokens: 0, nanoUsd });

test('two processes share what was left, and what they spent is counted once when the database is back', async () => {
  const [a, b] = [open('a'), open('b')];
  for (const counters of [a, b, a]) await counters.settle(await hold(counters, money), used(1), NOW);
  const running = await hold(a, money, slots);
  await hold(b, money);
  away = true;
  // The first has heard of 4 that are used or held, the second of 5; each has half of what was left then, rounded down.
  const [ofA, ofB] = [await grants(a, 60, money), await grants(b, 60, money)];
  expect([ofA.length, ofB.length]).toEqual([48, 47]);
  expect(await grants(a, 9, slots)).toHaveLength(2);
  for (const one of ofA.slice(0, 41)) await a.settle(one, used(1), NOW);
  for (const one of ofB) await b.settle(one, used(1), NOW);
  await a.settle(running, used(1), NOW);
  away = false;
  await untilBack(a);
  log.push(true);
  await untilBack(b);
  // 3 before, 88 meanwhile, 1 that ran through; 7 still run, and 1 of the other.
  await expect.poll(() => a.read([money], NOW)).toMatchObject([{ used: 92, held: 8 }]);
  await expect.poll(() => a.read([slots], NOW)).toMatchObject([{ held: 2 }]);
  expect(await grants(b, 9, money)).toHaveLength(0);
  expect(log).toEqual([true, true, false, true, false]);
});

test('a hold whose lease ran out meanwhile is held again when the database is back', async () => {
  const a = open('a');
  const running = await hold(a, slots);
  away = true;
  await grants(a, 1, slots);
  await a.renew(running, NOW, LEASE);
  await execute("update counter_holds set expires_at_ms = 0 where id like 'a:%'", []);
  away = false;
  const b = open('b');
  await b.expire(NOW);
  expect(await b.openHolds()).toBe(0);
  await untilBack(a);
  expect(await b.read([slots], NOW)).toMatchObject([{ held: 2 }]);
  await a.release(running, NOW);
  expect(await b.read([slots], NOW)).toMatchObject([{ held: 1 }]);
});

test('a budget of which this process has never heard is refused, and calls without limits go on', async () => {
  const a = open('a');
  await hold(a, money);
  away = true;
  const unknown = { ...money, counter: 'key:2/spend' };
  await expect(a.reserve([unknown], NOW, LEASE)).rejects.toMatchObject({ status: 503, retryAfterMs: 1_000 });
  expect((await a.reserve([], NOW, LEASE)).granted).toBe(true);
  await expect(a.spent([money.counter])).rejects.toMatchObject({ status: 503 });
});

test('closed: calls with limits are refused; open: they are admitted, and counted afterwards', async () => {
  const closed = open('a', { mode: 'closed' });
  const lax = open('b', { mode: 'open' });
  await hold(closed, money);
  away = true;
  await expect(closed.reserve([money], NOW, LEASE)).rejects.toMatchObject({ code: 'counters_unavailable' });
  for (const one of await grants(lax, 150, money)) await lax.settle(one, used(1), NOW);
  away = false;
  log.length = 0;
  await untilBack(lax);
  await expect.poll(() => lax.spent([money.counter])).toEqual([150]);
});
