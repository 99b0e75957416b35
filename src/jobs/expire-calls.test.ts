import { expect, test } from 'vitest';
import { createCallExpiry } from './expire-calls.ts';

const NOW_MS = Date.parse('2026-03-10T15:00:00Z');

function createWorld(period: string | null, rows: number, days = 0) {
  const bounds: string[] = [];
  const told: [number, string][] = [];
  const world = { nowMs: NOW_MS, rows, days, bounds, told, run: async () => {} };
  world.run = createCallExpiry({
    async expire({ beforeMs, limit }) {
      bounds.push(new Date(beforeMs).toISOString());
      const taken = Math.min(limit, world.rows);
      world.rows -= taken;
      return taken;
    },
    async dropDays() {
      const dropped = world.days;
      world.days = 0;
      return dropped;
    },
    retention: () => (period === null ? null : { period, interval: '1h' }),
    nowMs: () => world.nowMs,
    onExpired: (count, beforeMs) => void told.push([count, new Date(beforeMs).toISOString()]),
  });
  return world;
}

test.each([
  ['1d', '2026-03-09T00:00:00.000Z'],
  ['36h', '2026-03-09T00:00:00.000Z'],
  ['7d', '2026-03-03T00:00:00.000Z'],
  ['1mo', '2026-02-07T00:00:00.000Z'],
])('what is older than %s is whole days', async (period, bound) => {
  const world = createWorld(period, 0);
  await world.run();
  expect(world.bounds).toEqual([bound]);
  expect(world.told).toEqual([]);
});

test('nothing goes without a retention', async () => {
  const world = createWorld(null, 10);
  await world.run();
  expect(world).toMatchObject({ rows: 10, bounds: [] });
});

test('a run takes a bounded number, goes on at the next, tells once, and then waits for the interval', async () => {
  const world = createWorld('7d', 12_345);
  await world.run();
  expect(world).toMatchObject({ rows: 7_345, told: [] });
  await world.run();
  await world.run();
  expect(world).toMatchObject({ rows: 0, told: [[12_345, '2026-03-03T00:00:00.000Z']] });
  world.rows = 1;
  await world.run();
  expect(world.rows).toBe(1);
  world.nowMs += 3_600_000;
  await world.run();
  expect(world.rows).toBe(0);
  expect(world.told).toHaveLength(2);
});

test('whole days are dropped, and what is left of others is taken away', async () => {
  const world = createWorld('7d', 12, 700_000);
  await world.run();
  expect(world).toMatchObject({ rows: 0, days: 0, told: [[700_012, '2026-03-03T00:00:00.000Z']] });
});
