// A process that counts in Redis is killed with calls in flight: what they cost stays counted, what they held does not.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testRedis } from '../support/redis.ts';

let database: TestDatabase;
let upstream: FakeUpstream;
let gateway: GatewayProcess;
beforeAll(async () => {
  database = await createTestDatabase();
  upstream = await startFakeUpstream();
  const { url, prefix } = testRedis();
  gateway = await startGateway({
    config: configFor(upstream, { redis_key_prefix: prefix, budget_mode: 'hard' }),
    env: { DATABASE_URL: database.url, REDIS_URL: url },
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  await database.drop();
});

async function call(key: string, model: string): Promise<number> {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 10 }),
  });
  await answer.text();
  return answer.status;
}
const details = async () => (await gateway.admin('/health/readiness/details')).body;

test('a dollar still buys ten calls when five of them died with their process', async () => {
  const key = await gateway.newKey({ max_budget: 1 });
  await upstream.reset();
  const lost = Promise.allSettled(Array.from({ length: 5 }, () => call(key, 'slow-dime')));
  await expect.poll(async () => (await upstream.requests()).length).toBe(5);
  await gateway.kill();
  await lost;
  await gateway.restart();
  expect(await details()).toMatchObject({ redis: 'up', open_holds: 5 });
  await expect.poll(async () => (await details()).open_holds, { timeout: 40_000, interval: 500 }).toBe(0);
  expect((await gateway.admin(`/key/info?key=${key}`)).body.info.spend).toBe(0.5);
  const statuses = await Promise.all(Array.from({ length: 30 }, () => call(key, 'dime')));
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  expect((await upstream.requests()).length).toBe(10);
}, 90_000);
