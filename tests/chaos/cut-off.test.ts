// A gateway that reaches its database through a line which the test can hold up, beside one that has its own.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { type HeldLine, startHeldLine } from '../support/held-line.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let line: HeldLine;
let cut: GatewayProcess;
let other: GatewayProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  line = await startHeldLine(database.url);
  const config = {
    model_list: [{ model_name: 'mocked', litellm_params: { model: 'openai/mocked', mock_response: 'Hello' } }],
    general_settings: { master_key: 'sk-master-of-the-cut-off-0123456789', counters: 'memory' },
  };
  const env = { LATCHKEY_SALT_KEY: 'salt of the cut off' };
  [cut, other] = await Promise.all([
    startGateway({ config, env: { ...env, DATABASE_URL: line.url } }),
    startGateway({ config, env: { ...env, DATABASE_URL: database.url } }),
  ]);
}, 120_000);
afterAll(async () => {
  line.release();
  await cut.stop();
  await other.stop();
  await line.close();
  await database.drop();
}, 60_000);

async function call(key: string): Promise<{ status: number; retryAfter: string | null }> {
  const answer = await fetch(`${cut.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'mocked', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.arrayBuffer();
  return { status: answer.status, retryAfter: answer.headers.get('retry-after') };
}

const isHealthy = async () => (await fetch(`${cut.url}/health/readiness`)).status === 200;

test('while the database does not answer, known keys go on, unknown ones get 503, and a change is heard on its return', async () => {
  const known = await other.newKey();
  const unknown = await other.newKey();
  expect((await call(known)).status).toBe(200);
  line.hold();
  await expect.poll(isHealthy, { timeout: 15_000 }).toBe(false);
  for (let second = 0; second < 5; second += 1) {
    expect((await call(known)).status).toBe(200);
    await sleep(1_000);
  }
  const refused = await call(unknown);
  expect(refused.status).toBe(503);
  expect(refused.retryAfter).toMatch(/^\d+$/);
  expect((await fetch(`${cut.url}/health/liveness`)).status).toBe(200);
  const { body } = await other.admin('/key/block?wait=all&wait_timeout=0.5', { key: known });
  expect(body.laggards).toMatchObject([{ pid: cut.pid }]);
  line.release();
  await expect.poll(async () => (await call(known)).status, { timeout: 20_000 }).toBe(401);
  await expect.poll(async () => (await call(unknown)).status, { timeout: 20_000 }).toBe(200);
  expect(cut.logs().match(/The database does not answer/g)).toHaveLength(1);
}, 90_000);

test('a process that stood still and finds no database when it wakes serves nobody until it has caught up', async () => {
  const key = await other.newKey();
  expect((await call(key)).status).toBe(200);
  process.kill(cut.pid, 'SIGSTOP');
  try {
    await other.admin('/key/block', { key });
    line.hold();
    await sleep(3_000);
  } finally {
    process.kill(cut.pid, 'SIGCONT');
  }
  expect((await call(key)).status).toBe(503);
  await sleep(2_000);
  expect((await call(key)).status).toBe(503);
  line.release();
  await expect.poll(async () => (await call(key)).status, { timeout: 20_000 }).toBe(401);
}, 90_000);
