// What counters in PostgreSQL promise beyond the common suite: many clients never deadlock, nothing is done twice or
// lost when an answer is, and one process uses one connection.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Charge } from '../../src/core/charge.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { buildCharge } from '../../src/counters/__fixtures__/charge.ts';
import type { ExecuteSql } from '../../src/counters/batch-queue.ts';
import type { Counters } from '../../src/counters/counters.ts';
import { createPostgresCounters, type PostgresCounterOptions } from '../../src/counters/postgres-counters.ts';
import { type Connection, openConnection } from '../../src/storage/connection.ts';
import { createExecuteSql } from '../../src/storage/execute-sql.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { emptyCounters } from '../support/empty-counters.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const LEASE = 20_000;
const NOW = Date.now();

let database: TestDatabase;
let connection: Connection;
let execute: ExecuteSql;
let made = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  connection = openConnection({ url: database.url, poolSize: 20, queryTimeoutMs: 30_000 });
  execute = createExecuteSql(connection.writes);
});
beforeEach(async () => {
  await emptyCounters(execute);
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});

function open(options: Partial<PostgresCounterOptions> = {}): Counters {
  made += 1;
  return createPostgresCounters({
    execute,
    processId: `process_${made}`,
    loadBalances: async () => new Map(),
    ...options,
  });
}

function budget(counter: string, over: Partial<Charge> = {}): Charge {
  return buildCharge({ unit: 'nano_usd', counter, ceiling: 1_000_000, ...over });
}

const unavailable = () => new GatewayError('database_unavailable', 'The database cannot be reached at the moment.');

test('twenty clients on overlapping counters, in every order: no deadlock, and every call is counted once', async () => {
  const clients = Array.from({ length: 20 }, () => open());
  const rows = Array.from({ length: 8 }, (_, index) => `key:${index}/spend`);
  const calls = 15;
  await Promise.all(
    clients.map(async (counters, client) => {
      for (let call = 0; call < calls; call += 1) {
        const turned = [...rows.slice((client + call) % 8), ...rows.slice(0, (client + call) % 8)];
        const charges = (client % 2 === 0 ? turned : turned.reverse()).map((row) => budget(row));
        const reservation = await counters.reserve(charges, NOW, LEASE);
        if (!reservation.granted) throw new Error('refused');
        const others = [counters.adjust(rows[call % 8] as string, 1), counters.expire(NOW)];
        if (call % 3 === 0) await counters.renew(reservation.hold, NOW, LEASE);
        await counters.settle(reservation.hold, { tokens: 0, nanoUsd: 1 }, NOW);
        await Promise.all(others);
      }
    }),
  );
  const [stats] = await execute(
    'select pg_stat_force_next_flush(), (select deadlocks from pg_stat_database where datname = current_database()) as n',
    [],
  );
  expect(stats?.n).toBe(0);
  const spent = await (clients[0] as Counters).spent(rows);
  expect(spent.reduce((sum, one) => sum + one)).toBe(clients.length * calls * (rows.length + 1));
  expect(await (clients[0] as Counters).openHolds()).toBe(0);
});

test('what is asked in one turn is one statement, and there is never more than one at a time', async () => {
  let statements = 0;
  let running = 0;
  let most = 0;
  const counters = open({
    execute: async (sql, parameters) => {
      statements += 1;
      running += 1;
      most = Math.max(most, running);
      try {
        return await execute(sql, parameters);
      } finally {
        running -= 1;
      }
    },
  });
  const first = await counters.reserve([budget('key:a/spend')], NOW, LEASE);
  statements = 0;
  const more = await Promise.all(
    Array.from({ length: 100 }, () => counters.reserve([budget('key:a/spend')], NOW, LEASE)),
  );
  expect(statements).toBe(1);
  const holds = [first, ...more].flatMap((one) => (one.granted ? [one.hold] : []));
  await Promise.all(holds.map((hold) => counters.settle(hold, { tokens: 0, nanoUsd: 2 }, NOW)));
  expect(statements).toBe(2);
  expect(most).toBe(1);
  expect(await counters.spent(['key:a/spend'])).toEqual([202]);
});

describe('an answer that is lost', () => {
  test('after the statement was carried out: what it settled and adjusted is counted once', async () => {
    let lose = false;
    const counters = open({
      execute: async (sql, parameters) => {
        const rows = await execute(sql, parameters);
        if (lose) {
          lose = false;
          throw unavailable();
        }
        return rows;
      },
    });
    const reservation = await counters.reserve([budget('key:b/spend', { amount: 5 })], NOW, LEASE);
    if (!reservation.granted) throw new Error('refused');
    lose = true;
    await Promise.all([
      counters.settle(reservation.hold, { tokens: 0, nanoUsd: 4 }, NOW),
      counters.adjust('key:b/spend', 10),
    ]);
    await expect.poll(() => open().spent(['key:b/spend'])).toEqual([14]);
    expect(await counters.openHolds()).toBe(0);
  });

  test('of a reservation: the call fails, and what it was granted is given back', async () => {
    let lose = false;
    const counters = open({
      execute: async (sql, parameters) => {
        const rows = await execute(sql, parameters);
        if (lose) throw unavailable();
        return rows;
      },
    });
    await counters.reserve([budget('key:c/spend')], NOW, LEASE);
    lose = true;
    await expect(counters.reserve([budget('key:c/spend')], NOW, LEASE)).rejects.toThrow('cannot be reached');
    expect(await open().openHolds()).toBe(2);
    lose = false;
    await expect.poll(() => open().openHolds()).toBe(1);
  });

  test('while the database is away: calls fail at once, ends of calls wait, and are done when it is back', async () => {
    let away = false;
    const counters = open({
      execute: async (sql, parameters) => {
        if (away) throw unavailable();
        return execute(sql, parameters);
      },
    });
    const reservation = await counters.reserve([budget('key:d/spend')], NOW, LEASE);
    if (!reservation.granted) throw new Error('refused');
    away = true;
    await counters.settle(reservation.hold, { tokens: 0, nanoUsd: 3 }, NOW);
    await expect(counters.reserve([budget('key:d/spend')], NOW, LEASE)).rejects.toMatchObject({
      code: 'database_unavailable',
    });
    away = false;
    await expect.poll(() => open().spent(['key:d/spend'])).toEqual([3]);
  });

  test('for longer than a caller waits: it is told so, and a late grant is given back', async () => {
    let goOn = () => {};
    let gate = Promise.resolve();
    let executed = 0;
    const counters = open({
      patienceMs: 50,
      execute: async (sql, parameters) => {
        await gate;
        const answer = await execute(sql, parameters);
        executed += 1;
        return answer;
      },
    });
    await counters.reserve([budget('key:e/spend')], NOW, LEASE);
    const before = executed;
    gate = new Promise((resolve) => {
      goOn = resolve;
    });
    await expect(counters.reserve([budget('key:e/spend')], NOW, LEASE)).rejects.toMatchObject({
      code: 'database_unavailable',
    });
    goOn();
    // The late grant, and that it is given back: before both, there is one hold as well.
    await expect.poll(() => executed).toBeGreaterThanOrEqual(before + 2);
    await expect.poll(() => open().openHolds()).toBe(1);
  });
});

test('a step that the database will never take fails alone', async () => {
  const refused: unknown[] = [];
  const counters = open({ onRefused: (error) => refused.push(error) });
  const [good, bad, alsoGood] = await Promise.allSettled([
    counters.reserve([budget('key:f/spend')], NOW, LEASE),
    counters.reserve([budget('key:\0/spend')], NOW, LEASE),
    counters.reserve([budget('key:f/spend')], NOW, LEASE),
  ]);
  expect([good.status, bad.status, alsoGood.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(refused).toHaveLength(1);
  expect(await counters.openHolds()).toBe(2);
});

test('windows and leases go by the clock of the database, and are shown by that of whoever asks', async () => {
  const counters = open();
  const slow = NOW - 3_600_000;
  const limit = budget('key:g/requests', { unit: 'requests', ceiling: 1, windowMs: 60_000 });
  await counters.reserve([limit], slow, LEASE);
  const refused = await counters.reserve([limit], slow + 70_000, LEASE);
  if (refused.granted) throw new Error('granted');
  expect(refused.shortage.resetAtMs).toBeGreaterThan(slow + 70_000);
  expect(refused.shortage.resetAtMs).toBeLessThanOrEqual(slow + 70_000 + 60_000);
  expect(await counters.expire(slow + LEASE)).toBe(0);
  await execute('update counter_holds set expires_at_ms = 0', []);
  expect(await counters.expire(slow)).toBe(1);
});

test('a counter that is opened with an administrator’s change in it does not take that change again', async () => {
  const changes: { counter: string; seq: number }[] = [{ counter: 'key:h/spend', seq: 41 }];
  const counters = open({
    loadBalances: async () => new Map([['key:h/spend', 7]]),
    recentChanges: async () => changes,
  });
  await counters.reserve([budget('key:h/spend')], NOW, LEASE);
  await counters.adjust('key:h/spend', 7, 41);
  await counters.adjust('key:h/spend', 1, 42);
  expect(await counters.spent(['key:h/spend'])).toEqual([8]);
});

test('bills of a dead process that had been counted are counted twice until the first moment of rest, never less than once', async () => {
  let ledger = 0;
  const counters = open({ timeOf: 'caller', loadBalances: async (ids) => new Map(ids.map((id) => [id, ledger])) });
  const reservation = await counters.reserve([budget('key:j/spend')], NOW, LEASE);
  const other = await counters.reserve([budget('key:j/spend')], NOW, LEASE);
  if (!reservation.granted || !other.granted) throw new Error('refused');
  await counters.settle(reservation.hold, { tokens: 0, nanoUsd: 3 }, NOW);
  ledger = 3;
  await counters.reread?.(new Map([['key:j/spend', 3]]));
  await counters.expire(NOW + 10_000);
  expect(await counters.spent(['key:j/spend'])).toEqual([6]);
  await counters.release(other.hold, NOW + 10_000);
  await counters.expire(NOW + 14_999);
  expect(await counters.spent(['key:j/spend'])).toEqual([6]);
  await counters.expire(NOW + 16_000);
  expect(await counters.spent(['key:j/spend'])).toEqual([3]);
});

test('counters at rest are forgotten, and those that somebody holds are not', async () => {
  const counters = open({ idleMs: 0 });
  const reservation = await counters.reserve([budget('key:i/spend')], NOW, LEASE);
  if (!reservation.granted) throw new Error('refused');
  const ids = async () => (await execute('select id from counters', [])).map((row) => row.id);
  await counters.expire(NOW);
  expect(await ids()).toEqual(['key:i/spend']);
  await counters.settle(reservation.hold, { tokens: 0, nanoUsd: 1 }, NOW);
  await counters.expire(NOW + 60_000);
  expect(await ids()).toEqual([]);
});
