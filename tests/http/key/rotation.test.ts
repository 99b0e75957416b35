import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
let address: string;
beforeAll(async () => {
  gateway = await startTestApp();
  address = await gateway.listen();
});
afterAll(() => gateway.close());

const post = (path: string, body: object = {}, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const make = async (body: object = {}) => (await post('/key/generate', body)).body;
const rotate = async (key: string) => (await post(`/key/${key}/regenerate`, { grace_period: '1h' })).body;
const statusOf = async (key: string) => (await callGateway(gateway, 'GET /models', { key })).status;
const infoOf = async (key: string) => (await callGateway(gateway, `GET /key/info?key=${key}`)).body.info;

describe('a rotation with overlap', () => {
  test('costs nobody a call: one after another of 200 callers changes over while it goes on', async () => {
    const made = await make({ max_budget: 100 });
    let secret: string = made.key;
    const message = { model: 'mock-gpt', messages: [{ role: 'user', content: 'Hello' }] };
    const kinds = [null, message, { ...message, stream: true }];
    const call = async (key: string, body: object | null) => {
      const response = await fetch(`${address}/v1/${body === null ? 'models' : 'chat/completions'}`, {
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === null ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isWhole = body === null || !('stream' in body) || text.trimEnd().endsWith('data: [DONE]');
      return isWhole ? response.status : 'cut off';
    };
    const statuses: Promise<number | string>[] = [];
    for (let n = 0; n < 200; n++) {
      if (n === 70) void rotate(made.key_id).then((next) => (secret = next.key));
      // Half of the callers have not heard of the new secret yet.
      statuses.push(call(n % 2 === 0 ? made.key : secret, kinds[n % 3] ?? null));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
    expect(secret).not.toBe(made.key);
  });

  test('shows which earlier secret still works, and until when', async () => {
    const made = await make();
    expect((await infoOf(made.key_id)).rotation).toMatchObject({ last_used_at: null, calls: 0, previous: [] });
    await rotate(made.key_id);
    expect((await infoOf(made.key_id)).rotation.previous).toEqual([
      { token: made.token, key_name: made.key_name, valid_until: expect.any(String), last_used_at: null, calls: 0 },
    ]);
    await post(`/key/${made.key_id}/regenerate`);
    expect((await infoOf(made.key_id)).rotation.previous).toEqual([]);
  });
});

describe('POST /key/{key}/rollback', () => {
  test('makes the old secret stand again and ends the new one; the key is the same', async () => {
    const made = await make({ spend: 2, max_budget: 5 });
    const next = await rotate(made.key_id);
    expect([await statusOf(made.key), await statusOf(next.key)]).toEqual([200, 200]);
    const { status, body } = await post(`/key/${made.key_id}/rollback`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ key_id: made.key_id, token: made.token, key_name: made.key_name, spend: 2 });
    expect([await statusOf(made.key), await statusOf(next.key)]).toEqual([200, 401]);
    expect((await infoOf(made.key_id)).rotation.previous).toEqual([]);
    const audit = await callGateway(gateway, `GET /audit?object_id=${made.key_id}&action=rolled_back`);
    expect(audit.body.audit_logs).toHaveLength(1);
    // And a rotation after that is one like any other.
    const third = await rotate(made.key_id);
    expect([await statusOf(made.key), await statusOf(third.key), await statusOf(next.key)]).toEqual([200, 200, 401]);
  });

  test('refuses where no earlier secret works, and whoever may not rotate', async () => {
    const made = await make();
    const path = `/key/${made.key_id}/rollback`;
    expect(await post(path)).toMatchObject({ status: 400, body: { error: { param: 'key' } } });
    await post(`/key/${made.key_id}/regenerate`);
    expect((await post(path)).status).toBe(400);
    expect((await post('/key/no-such-key/rollback')).status).toBe(404);
    const next = await rotate(made.key_id);
    expect((await post(path, {}, next.key)).status).toBe(401);
    expect(await statusOf(next.key)).toBe(200);
  });
});
