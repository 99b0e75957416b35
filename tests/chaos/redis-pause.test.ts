// A gateway that counts in Redis, under load, while Redis stands still: after a moment nobody waits for it, limits hold,
// and it is said once. `npm run chaos` holds the pause for half a minute, and tells of every second.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeUpstreamProcess, spawnFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { quantilesAround, quantilesOf, startSteadyClient } from '../support/steady-client.ts';

const LONG = process.env.CHAOS_ROUNDS !== undefined;
const PAUSE_S = LONG ? 30 : 4;
const CALLS_PER_SECOND = 100;

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

test(
  `Redis stands still for ${PAUSE_S} s at ${CALLS_PER_SECOND} calls a second`,
  async () => {
    const busy = await gateway.newKey({ max_budget: 1_000, rpm_limit: 1_000_000 });
    const capped = await gateway.newKey({ max_budget: 1 });
    const parallel = await gateway.newKey({ max_parallel_requests: 5 });
    expect(await succeeded(4, capped, 'dime')).toBe(4);
    expect(await succeeded(1, parallel, 'free')).toBe(1);
    const client = startSteadyClient({
      url: gateway.url,
      key: busy,
      model: 'mocked',
      callsPerSecond: CALLS_PER_SECOND,
      looksPerSecond: 20,
    });
    await sleep(LONG ? 10_000 : 2_000);
    const pausedAtMs = Date.now();
    redis.pause();
    await sleep(1_500);
    expect(await succeeded(20, parallel, 'slow-dime')).toBe(5);
    await sleep(Math.max(0, pausedAtMs + PAUSE_S * 1_000 - Date.now()));
    expect(await succeeded(30, capped, 'dime')).toBe(6);
    const resumedAtMs = Date.now();
    redis.resume();
    await expect
      .poll(async () => (await gateway.admin('/health/readiness')).body.redis, { timeout: 20_000, interval: 50 })
      .toBe('up');
    const figures = { up_after_ms: Date.now() - resumedAtMs };
    if (LONG) await sleep(5_000);
    const asked = await client.stop();
    console.log(
      `pause of Redis for ${PAUSE_S} s: ${JSON.stringify({ ...quantilesAround(asked, pausedAtMs, resumedAtMs), ...figures })}`,
    );
    for (let second = -5; LONG && second < PAUSE_S + 5; second += 1) {
      const fromMs = pausedAtMs + second * 1_000;
      const then = asked.filter(({ kind, beganAtMs }) => kind === 'call' && Math.abs(beganAtMs - fromMs - 500) <= 500);
      console.log(`second ${second}: ${JSON.stringify(quantilesOf(then))}`);
    }
    expect(asked.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await succeeded(20, capped, 'dime')).toBe(0);
    const said = (message: string) => gateway.logs().split(`"${message}"`).length - 1;
    await expect.poll(() => said('Limits cannot be counted in Redis'), { timeout: 5_000 }).toBe(1);
    // At the start, and when it was back.
    await expect.poll(() => said('Limits are counted in Redis'), { timeout: 5_000 }).toBe(2);
  },
  (PAUSE_S + 90) * 1_000,
);
