// Records of calls on their way to a bucket, whatever happens to the gateway or the bucket: every call that was answered
// is there in the end, and what was sent twice is there once.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';

const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 3);
const CLIENTS = 8;

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).reverse()) await act();
});

async function setUp(
  env: Record<string, string> = {},
): Promise<{ gcs: FakeGcs; gateway: GatewayProcess; key: string }> {
  const gcs = await startFakeGcs();
  cleanUp.push(() => gcs.close());
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  cleanUp.push(async () => silent.close());
  const api_base = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`;
  const gateway = await startGateway({
    config: {
      model_list: [
        { model_name: 'mocked', litellm_params: { model: 'openai/mocked', mock_response: 'Hello' } },
        { model_name: 'silent', litellm_params: { model: 'openai/silent', api_base, api_key: 'sk-none' } },
      ],
      litellm_settings: { callbacks: ['gcs_bucket'] },
    },
    env: { GCS_BUCKET_NAME: 'logs/all', STORAGE_EMULATOR_HOST: gcs.url, GCS_FLUSH_INTERVAL: '0.1', ...env },
  });
  cleanUp.push(() => gateway.stop());
  return { gcs, gateway, key: await gateway.newKey() };
}

/** True: the whole answer has come. */
async function call(
  { url }: GatewayProcess,
  key: string,
  marker: string,
  stream: boolean,
  model = 'mocked',
): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }], user: marker, stream }),
    });
    const text = await answer.text();
    return answer.ok && (!stream || text.includes('data: [DONE]'));
  } catch {
    return false;
  }
}

const endUsersOf = (gcs: FakeGcs, bucket: string) =>
  gcs.records(bucket).map(({ end_user: marker }) => marker as string);
const arrived = (gcs: FakeGcs) => new Set(endUsersOf(gcs, 'logs'));
const missingOf = (gcs: FakeGcs, markers: readonly string[]) => {
  const there = arrived(gcs);
  return markers.filter((marker) => !there.has(marker));
};

test(`no answered call is missing after ${ROUNDS} times kill -9, nor one that died with it, and repeats are the same`, {
  timeout: 60_000,
}, async () => {
  const { gcs, gateway, key } = await setUp();
  const elsewhere = await gateway.newKey({
    metadata: { logging: [{ callback_name: 'gcs_bucket', callback_vars: { gcs_bucket_name: 'of-the-key' } }] },
  });
  const answered: string[] = [];
  const died: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let stopping = false;
    // Of one round every batch is stored and none is confirmed, so that all of them are sent again.
    gcs.behave(round === 1 ? { kind: 'swallow' } : { kind: 'store', delayMs: 20 });
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      for (let index = 0; !stopping; index += 1) {
        const marker = `r${round}-${client}-${index}`;
        if (await call(gateway, key, marker, index % 2 === 1)) answered.push(marker);
        else await sleep(10);
      }
    });
    died.push(`died-${round}`);
    const dying = [key, elsewhere].map((one) => call(gateway, one, `died-${round}`, round % 2 === 1, 'silent'));
    await sleep(700);
    await gateway.kill();
    stopping = true;
    await Promise.all([...clients, ...dying]);
    await gateway.restart();
  }
  gcs.behave({ kind: 'store', delayMs: 0 });
  expect(answered.length).toBeGreaterThan(ROUNDS * CLIENTS);
  await expect.poll(() => missingOf(gcs, answered), { timeout: 30_000, interval: 200 }).toEqual([]);
  await expect.poll(() => missingOf(gcs, died), { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => endUsersOf(gcs, 'of-the-key'), { timeout: 10_000 }).toEqual(died);
  const [record] = gcs.records('of-the-key');
  expect(record).toMatchObject({
    status: 'failure',
    error_information: { error_class: 'unsettled' },
    model_group: 'silent',
  });
  const { body: rows } = await gateway.admin(`/spend/logs?api_key=${elsewhere}`);
  expect(rows).toHaveLength(died.length);
  expect(rows).toContainEqual(expect.objectContaining({ request_id: record.litellm_call_id, status: 'unsettled' }));
  expect(gcs.changedNames()).toEqual([]);
  const markers = gcs.records('logs').map(({ end_user: marker }) => marker);
  expect(new Set(markers).size).toBe(markers.length);
  expect(gcs.uploads().length).toBeGreaterThan(gcs.objects().size);
});

test('a bucket that is away, refuses and breaks off gets everything once it is back, and calls do not wait for it', async () => {
  const { gcs, gateway, key } = await setUp();
  const markers: string[] = [];
  for (const [index, behavior] of (
    [{ kind: 'answer', status: 503 }, { kind: 'answer', status: 403 }, { kind: 'cut' }] as const
  ).entries()) {
    gcs.behave(behavior);
    const before = gcs.requests();
    for (let made = 0; made < 10; made += 1) {
      const marker = `m${index}-${made}`;
      expect(await call(gateway, key, marker, false)).toBe(true);
      markers.push(marker);
    }
    await expect.poll(gcs.requests, { timeout: 10_000 }).toBeGreaterThan(before);
  }
  expect(arrived(gcs).size).toBe(0);
  gcs.behave({ kind: 'store', delayMs: 0 });
  await expect.poll(() => missingOf(gcs, markers), { timeout: 20_000 }).toEqual([]);
  expect(gcs.records('logs')).toHaveLength(markers.length);
  expect(gcs.changedNames()).toEqual([]);
});

test('SIGTERM sends what waits; what cannot be sent then is sent by the next process', async () => {
  const { gcs, gateway, key } = await setUp({ GCS_FLUSH_INTERVAL: '3600' });
  expect(await call(gateway, key, 'first', true)).toBe(true);
  expect(gcs.requests()).toBe(0);
  gateway.terminate();
  expect(await gateway.exited()).toBe(0);
  expect([...arrived(gcs)]).toEqual(['first']);

  await gateway.restart();
  gcs.behave({ kind: 'answer', status: 503 });
  expect(await call(gateway, key, 'second', false)).toBe(true);
  gateway.terminate();
  expect(await gateway.exited()).toBe(0);
  expect([...arrived(gcs)]).toEqual(['first']);

  gcs.behave({ kind: 'store', delayMs: 0 });
  await gateway.restart();
  await expect.poll(() => [...arrived(gcs)], { timeout: 10_000 }).toEqual(['first', 'second']);
});
