// What becomes of limits when Redis forgets, stands still or goes away.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Hold } from '../../src/core/charge.ts';
import type { RedisCounterOptions } from '../../src/counters/redis-counters.ts';
import {
  type CountingProcesses,
  charge,
  grants,
  hold,
  LEASE,
  openProcesses,
  type CountingProcess as Process,
  untilUp,
} from '../support/redis-processes.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

let redis: RedisServer;
const opened: CountingProcesses[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  redis.resume();
  for (const one of opened.splice(0)) await one.close();
});
afterAll(() => redis.stop());

async function open(count: number, options: Partial<RedisCounterOptions> = {}): Promise<CountingProcesses> {
  const made = await openProcesses(count, { address: { form: 'single', url: redis.url }, ...options });
  opened.push(made);
  return made;
}

describe.each([
  ['emptied', async () => void (await command('FLUSHALL'))],
  ['started again without its memory', () => redis.restart()],
  [
    'without its scripts and counters',
    async () => {
      await command('SCRIPT', 'FLUSH');
      await command('FLUSHALL');
    },
  ],
])('a Redis that was %s', (_name, lose) => {
  test('admits again once every bill and every running call is counted in', async () => {
    const { processes, states } = await open(3);
    const [a, b, c] = processes as [Process, Process, Process];
    const money = charge('nano_usd', 10);
    for (const process of [a, b, c, a]) await process.settle(await hold(process, money), 1);
    const running = [await hold(b, money, charge('slots', 3)), await hold(c, charge('slots', 3))];

    await lose();
    await expect.poll(() => states.every((log) => log.includes('rebuilding')), { timeout: 10_000 }).toBe(true);
    await untilUp(processes);
    // 4 are billed, most of them in journals when it happened, and 1 is held.
    expect(await grants(processes, 30, money)).toBe(5);
    expect(await grants(processes, 30, charge('slots', 3))).toBe(1);
    await b.settle(running[0] as Hold, 1);
    await c.settle(running[1] as Hold, 0);
    expect(await c.counters.read([money, charge('slots', 3)], Date.now())).toMatchObject([
      { used: 5, held: 5 },
      { used: 0, held: 1 },
    ]);
    for (const log of states) expect(log.filter((state) => state === 'rebuilding')).toHaveLength(1);
  });
});

test('calls that end before anybody knows that Redis was emptied are answered, and counted', async () => {
  const { processes } = await open(2);
  const [a, b] = processes as [Process, Process];
  const money = charge('nano_usd', 3);
  const ended = await hold(a, money);
  const failed = await hold(b, money);
  await command('FLUSHALL');
  await Promise.all([a.settle(ended, 1), b.counters.release(failed, Date.now())]);
  await untilUp(processes);
  expect(await grants(processes, 10, money)).toBe(2);
});

describe('a Redis that stands still', () => {
  test('closed: calls with limits are refused with 503 at once, others go on, and all is well when it returns', async () => {
    const { processes, states } = await open(2);
    const [a] = processes as [Process];
    const money = charge('nano_usd', 10);
    const running = await hold(a, money, charge('slots', 1));
    redis.pause();
    await expect(a.counters.reserve([money], Date.now(), LEASE)).rejects.toMatchObject({
      code: 'counters_unavailable',
      status: 503,
      retryAfterMs: 1_000,
    });
    expect((await a.counters.reserve([], Date.now(), LEASE)).granted).toBe(true);
    await a.settle(running, 3);
    await expect.poll(() => processes.map(({ counters }) => counters.state())).toEqual(['down', 'up']);
    redis.resume();
    await untilUp(processes);
    await expect
      .poll(() => a.counters.read([money, charge('slots', 1)], Date.now()))
      .toMatchObject([{ used: 3, held: 0 }, { held: 0 }]);
    expect(states[0]).toEqual(['up', 'down', 'up']);
  });

  test('local: processes share what was left, and nothing is admitted twice when it returns', async () => {
    const { processes, ledger } = await open(2, { failMode: 'local' });
    const [a, b] = processes as [Process, Process];
    const [money, slots] = [charge('nano_usd', 20), charge('slots', 6)];
    for (const process of [a, b, a, b]) await process.settle(await hold(process, money), 1);
    const running = await hold(a, slots);
    await expect(b.counters.reserve([slots], Date.now(), LEASE)).resolves.toMatchObject({ granted: true });
    ledger.set(money.counter, 4);
    redis.pause();
    const granted = await grants(processes, 100, money);
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThanOrEqual(16);
    expect(await grants(processes, 100, slots)).toBeLessThanOrEqual(4);
    await a.settle(running, 0);
    redis.resume();
    await untilUp(processes);
    // Reservations that Redis made when it woke, and nobody waited for any more, are given back.
    await expect.poll(() => a.counters.read([money], Date.now())).toMatchObject([{ used: 4, held: granted }]);
    expect(await grants(processes, 100, money)).toBe(16 - granted);
  });

  test('open: everything is admitted, and counted when it returns', async () => {
    const { processes } = await open(1, { failMode: 'open' });
    const [a] = processes as [Process];
    const money = charge('nano_usd', 2);
    redis.pause();
    const holds = [await hold(a, money), await hold(a, money), await hold(a, money)];
    for (const one of holds) await a.settle(one, 1);
    redis.resume();
    await untilUp(processes);
    await expect.poll(() => a.counters.spent([money.counter])).toEqual([3]);
    expect(await grants(processes, 5, money)).toBe(0);
  });
});

test('a Redis that misses its replicas counts nothing, and goes on when they are back', async () => {
  const { processes, states } = await open(1);
  const money = charge('nano_usd', 3);
  expect(await grants(processes, 1, money)).toBe(1);
  await command('CONFIG', 'SET', 'min-replicas-to-write', '1');
  expect(await grants(processes, 5, money)).toBe(0);
  await command('CONFIG', 'SET', 'min-replicas-to-write', '0');
  await untilUp(processes);
  expect(await grants(processes, 5, money)).toBe(2);
  expect(states).toEqual([['up', 'down', 'up']]);
});

test('a gateway starts while Redis is away, and counts once it is there', async () => {
  const { processes, states } = await open(1, { address: { form: 'single', url: 'redis://127.0.0.1:1' } });
  await expect(grants(processes, 1, charge('slots', 1))).resolves.toBe(0);
  expect(states).toEqual([[]]);
});

test('a database that the server does not have counts nothing, rather than the first one', async () => {
  const url = new URL(redis.url);
  url.pathname = '/99';
  const { processes, states } = await open(1, { address: { form: 'single', url: url.href } });
  await expect(grants(processes, 1, charge('slots', 1))).resolves.toBe(0);
  expect(states).toEqual([[]]);
});

async function command(...words: string[]): Promise<unknown> {
  const { Redis } = await import('ioredis');
  const client = new Redis(redis.url);
  try {
    return await client.call(words[0] as string, ...words.slice(1));
  } finally {
    client.disconnect();
  }
}
