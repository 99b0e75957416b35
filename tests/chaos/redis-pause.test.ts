// A gateway that counts in Redis, under load, while Redis stands still: after a moment nobody waits for it, limits hold,
// and it is said once. `npm run chaos` holds the pause for two minutes.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeUpstreamProcess, spawnFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { startSteadyCalls } from '../support/steady-calls.ts';

const PAUSE_S = process.env.CHAOS_ROUNDS === undefined ? 5 : 120;
const CALLS_PER_SECOND = 50;

let database: TestDatabase;
let redis: RedisServer;
let upstream: FakeUpstreamProcess;
let gateway: GatewayProcess;

beforeAll(async () => {
  [database, redis, upstream] = await Promise.all([createTestDatabase(), startRedis(), spawnFakeUpstream()]);
  gateway = await startGateway({
    config: configFor(upstream, { budget_mode: 'hard', counters_fail_mode: 'local' }),
    env: { DATABASE_URL: database.url, REDIS_URL: redis.url },
  });
}, 120_000);
afterAll(async () => {
  redis.resume();
  await gateway.stop();
  await upstream.close();
  await redis.stop();
  await database.drop();
}, 60_000);

async function call(key: string, model: string): Promise<number> {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.arrayBuffer();
  return answer.status;
}
const succeeded = async (count: number, key: string, model: string) =>
  (await Promise.all(Array.from({ length: count }, () => call(key, model)))).filter((status) => status === 200).length;

interface Took {
  beganAt: number;
  ms: number;
  status: number;
}

function startCalls(key: string): { took: Took[]; stop(): Promise<void> } {
  const took: Took[] = [];
  const { stop } = startSteadyCalls(CALLS_PER_SECOND, async () => {
    const beganAt = performance.now();
    const status = await call(key, 'mocked');
    took.push({ beganAt, ms: performance.now() - beganAt, status });
  });
  return { took, stop };
}

function quantiles(took: readonly Took[]): { p50: string; p99: string; max: string } {
  const sorted = took.map(({ ms }) => ms).sort((x, y) => x - y);
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

test(
  `Redis stands still for ${PAUSE_S} s at ${CALLS_PER_SECOND} calls a second`,
  async () => {
    const busy = await gateway.newKey({ max_budget: 1_000, rpm_limit: 1_000_000 });
    const capped = await gateway.newKey({ max_budget: 1 });
    const parallel = await gateway.newKey({ max_parallel_requests: 5 });
    expect(await succeeded(4, capped, 'dime')).toBe(4);
    expect(await succeeded(1, parallel, 'free')).toBe(1);
    const load = startCalls(busy);
    await sleep(2_000);
    const pausedAt = performance.now();
    redis.pause();
    await sleep(1_500);
    expect(await succeeded(20, parallel, 'slow-dime')).toBe(5);
    await sleep(Math.max(0, pausedAt + PAUSE_S * 1_000 - performance.now()));
    expect(await succeeded(30, capped, 'dime')).toBe(6);
    const resumedAt = performance.now();
    redis.resume();
    await expect
      .poll(async () => (await gateway.admin('/health/readiness')).body.redis, { timeout: 20_000, interval: 50 })
      .toBe('up');
    const upMs = performance.now() - resumedAt;
    await load.stop();
    const { took } = load;
    const between = (from: number, to: number) => took.filter(({ beganAt }) => beganAt >= from && beganAt < to);
    const figures = {
      before_ms: quantiles(between(0, pausedAt)),
      first_second_ms: quantiles(between(pausedAt, pausedAt + 1_000)),
      later_ms: quantiles(between(pausedAt + 1_000, resumedAt)),
      up_after_ms: upMs.toFixed(0),
    };
    console.log(`pause of Redis for ${PAUSE_S} s: ${JSON.stringify(figures)}`);
    expect(took.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await succeeded(20, capped, 'dime')).toBe(0);
    const said = (message: string) => gateway.logs().split(`"${message}"`).length - 1;
    await expect.poll(() => said('Limits cannot be counted in Redis'), { timeout: 5_000 }).toBe(1);
    // At the start, and when it was back.
    await expect.poll(() => said('Limits are counted in Redis'), { timeout: 5_000 }).toBe(2);
  },
  (PAUSE_S + 90) * 1_000,
);
