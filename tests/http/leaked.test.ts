// Whoever finds a secret can end it, and learns nothing from doing so.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const make = async () => (await callGateway(gateway, 'POST /key/generate', { body: { key_alias: null } })).body;
const report = (body: unknown) => callGateway(gateway, 'POST /leaked', { key: null, body });
const opens = async (key: string) => (await callGateway(gateway, 'GET /key/info', { key })).status === 200;

test('a reported key is blocked from the next call on, with the reason, and the log tells where it was found', async () => {
  const { key, key_id: keyId } = await make();
  expect(await opens(key)).toBe(true);
  const found = { token: key, type: 'latchkey', url: 'https://code.example/x.py?token=abc', source: 'content' };
  expect((await report([found])).body).toEqual({ status: 'received' });
  expect(await opens(key)).toBe(false);
  const { info } = (await callGateway(gateway, `GET /key/info?key=${keyId}`)).body;
  expect([info.blocked, info.blocked_reason]).toEqual([true, 'leaked']);
  const [row] = (await callGateway(gateway, 'GET /audit?page_size=1')).body.audit_logs;
  expect(row).toMatchObject({ action: 'blocked', object_key_id: keyId, caller_kind: 'anonymous' });
  expect(row.updated_values).toMatchObject({ leak_url: 'https://code.example/x.py', leak_source: 'content' });
  expect(JSON.stringify(row)).not.toContain(key);

  expect((await callGateway(gateway, 'POST /key/unblock', { body: { key: keyId } })).status).toBe(200);
  expect((await callGateway(gateway, `GET /key/info?key=${keyId}`)).body.info.blocked_reason).toBeUndefined();
  await report({ key });
  expect(await opens(key)).toBe(false);
});

test('the answer is the same for a key, an unknown secret, junk in our form and the master key', async () => {
  const { key } = await make();
  const secrets = [
    key,
    'sk-nobody-has-this-secret',
    `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`,
    'junk',
    gateway.masterKey,
  ];
  const answers = await Promise.all(secrets.map((secret) => report({ key: secret })));
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
  expect(answers[0]?.status).toBe(200);
});

test('a report of nothing, or of more than is taken at once, is refused', async () => {
  for (const body of [{}, [], { key: '' }, Array(101).fill({ token: 'sk-0123456789abcdef0123' })]) {
    expect((await report(body)).status).toBe(422);
  }
});

test('look-ups for one address are bounded', async () => {
  const tokens = Array.from({ length: 100 }, (_, index) => ({ token: `sk-a-guess-at-some-key-${index}` }));
  const statuses = new Set<number>();
  for (let batch = 0; batch < 11; batch += 1) statuses.add((await report(tokens)).status);
  expect([...statuses]).toEqual([200, 429]);
});
