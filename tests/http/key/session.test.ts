/** The life of a key as a LiteLLM client leads it, from its making to its deletion. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const START_MS = Date.UTC(2026, 3, 1, 12);
let gateway: TestApp;

beforeAll(async () => {
  gateway = await startTestApp({ nowMs: () => START_MS });
});
afterAll(() => gateway.close());

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
const chat = (key: string) =>
  callGateway(gateway, 'POST /chat/completions', {
    key,
    body: { model: 'gpt-4', messages: [{ role: 'user', content: 'hi' }] },
  });

test('a key is made, used, changed, blocked, rotated and deleted', async () => {
  const made = await callGateway(gateway, 'POST /key/generate', {
    body: {
      key_alias: 'ci',
      models: ['gpt-4'],
      max_budget: 5,
      budget_duration: '1d',
      rpm_limit: 3,
      metadata: { app: 'x' },
    },
  });
  expect(made.status).toBe(200);
  const k1 = made.body.key;
  const h1 = hashOf(k1);
  expect(k1).toMatch(/^sk-lkv1[0-9A-Za-z]{28}$/);
  expect(made.body).toMatchObject({
    token: h1,
    token_id: h1,
    key_name: `sk-...${k1.slice(-4)}`,
    key_alias: 'ci',
    models: ['gpt-4'],
    max_budget: 5,
    budget_duration: '1d',
    budget_reset_at: '2026-04-02T00:00:00.000000+00:00',
    rpm_limit: 3,
    metadata: { app: 'x' },
    spend: 0,
    expires: null,
    created_at: '2026-04-01T12:00:00.000000+00:00',
    updated_at: '2026-04-01T12:00:00.000000+00:00',
  });

  const info = await callGateway(gateway, `GET /key/info?key=${k1}`);
  expect(info).toMatchObject({ status: 200, body: { key: k1, info: { spend: 0, rpm_limit: 3 } } });
  expect(info.body.info).not.toHaveProperty('token');

  const infos = await callGateway(gateway, 'POST /v2/key/info', { body: { keys: [k1, 'sk-unknown'] } });
  expect(infos.body.key).toEqual([k1, 'sk-unknown']);
  expect(infos.body.info).toEqual([expect.objectContaining({ token: h1 })]);

  const updated = await callGateway(gateway, 'POST /key/update', { body: { key: h1, max_budget: null, metadata: {} } });
  expect(updated).toMatchObject({ status: 200, body: { key: h1, token: h1, max_budget: null, rpm_limit: 3 } });
  expect(updated.body.metadata).toEqual({});

  expect((await chat(k1)).status).toBe(200);
  const blocked = await callGateway(gateway, 'POST /key/block', { body: { key: k1 } });
  expect(blocked).toMatchObject({ status: 200, body: { token: h1, blocked: true } });
  expect(await chat(k1)).toMatchObject({
    status: 401,
    body: {
      error: {
        message: "Authentication Error, Key is blocked. Update via `/key/unblock` if you're admin.",
        type: 'auth_error',
        code: '401',
      },
    },
  });
  const unblocked = await callGateway(gateway, 'POST /key/unblock', { body: { key: h1 } });
  expect(unblocked).toMatchObject({ status: 200, body: { token: h1, blocked: false } });
  expect((await chat(k1)).status).toBe(200);

  const list = await callGateway(gateway, 'GET /key/list?key_alias=ci');
  expect(list.body).toEqual({ keys: [h1], total_count: 1, current_page: 1, total_pages: 1 });

  const rotated = await callGateway(gateway, `POST /key/${k1}/regenerate`, { body: { duration: '7d' } });
  const k2 = rotated.body.key;
  expect(rotated).toMatchObject({
    status: 200,
    body: { token: hashOf(k2), token_id: hashOf(k2), key_alias: 'ci', expires: '2026-04-08T12:00:00.000000+00:00' },
  });
  expect(rotated.body.key_id).toBe(made.body.key_id);
  expect(await chat(k1)).toMatchObject({ status: 401, body: { error: { type: 'token_not_found_in_db' } } });
  expect((await chat(k2)).status).toBe(200);

  const health = await callGateway(gateway, 'POST /key/health', { key: k2 });
  expect(health).toMatchObject({ status: 200, body: { key: 'healthy', logging_callbacks: null } });

  const deleted = await callGateway(gateway, 'POST /key/delete', { body: { keys: [k2] } });
  expect(deleted).toMatchObject({ status: 200, body: { deleted_keys: [k2] } });
  expect((await chat(k2)).status).toBe(401);
  expect(await callGateway(gateway, 'POST /key/delete', { body: { keys: [] } })).toMatchObject({
    status: 400,
    body: {
      error: { message: 'No keys provided, passed in: keys=[]', type: 'auth_error', param: 'keys', code: '400' },
    },
  });
});
