/** `tag_rpm_limit`: how many of a key's calls a minute may carry a tag. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string, headers: Record<string, string> = {}) =>
  callGateway(gateway, `POST ${path}`, { body, headers, ...(key === undefined ? {} : { key }) });
const make = async (body: object) => (await post('/key/generate', body)).body;
const call = (key: string, more: object = {}, headers?: Record<string, string>) =>
  post(
    '/v1/chat/completions',
    { model: 'mock-gpt', messages: [{ role: 'user', content: 'Hi' }], ...more },
    key,
    headers,
  );
const tagged = (key: string, ...tags: string[]) => call(key, { metadata: { tags } });

describe.each([
  ['the field', (limits: object) => ({ tag_rpm_limit: limits })],
  ['metadata', (limits: object) => ({ metadata: { tag_rpm_limit: limits } })],
])('tag_rpm_limit in %s', (_where, said) => {
  test('refuses what is beyond it of calls with the tag, and nothing else', async () => {
    const { key, token, metadata } = await make(said({ ci: 1 }));
    expect(metadata.tag_rpm_limit).toEqual({ ci: 1 });
    expect((await tagged(key, 'ci')).status).toBe(200);
    const refused = await tagged(key, 'ci');
    expect(refused.status).toBe(429);
    expect(refused.body.error).toMatchObject({ type: 'throttling_error', code: '429' });
    expect(refused.body.error.message).toContain(`Rate limit exceeded for tag_per_key: ${token}:ci.`);
    expect(refused.body.error.message).toContain('Limit name: tag_rpm_limit. Used: 1');
    expect(refused.headers).toMatchObject({
      rate_limit_type: 'requests',
      'x-ratelimit-tag_per_key-limit-requests': '1',
      'x-ratelimit-tag_per_key-remaining-requests': '0',
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect([(await tagged(key, 'other')).status, (await call(key)).status]).toEqual([200, 200]);
    const another = await make(said({ ci: 1 }));
    expect((await tagged(another.key, 'ci')).status).toBe(200);
  });
});

test('the tag counts wherever a call or its key names it, once a call', async () => {
  const { key } = await make({ tag_rpm_limit: { ci: 3 } });
  const statuses = [
    await call(key, { tags: ['ci'], metadata: { tags: ['ci', 'ci'] } }),
    await call(key, {}, { 'x-litellm-tags': 'ci, other' }),
    await call(key, { litellm_metadata: { tags: [' ci '] } }),
    await tagged(key, 'ci'),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 200, 429]);

  const ofKey = await make({ tags: ['ci', 'ci'], tag_rpm_limit: { ci: 1 } });
  expect([(await call(ofKey.key)).status, (await call(ofKey.key)).status]).toEqual([200, 429]);
});

test('parallel calls do not get more between them', async () => {
  const { key } = await make({ tag_rpm_limit: { ci: 3 } });
  const answers = await Promise.all(Array.from({ length: 20 }, () => tagged(key, 'ci')));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
});

test('of several tags each is counted by itself, and a refused call takes of none', async () => {
  const { key } = await make({ tag_rpm_limit: { ci: 2, nightly: 1, off: 0 } });
  const first = await tagged(key, 'ci', 'nightly');
  expect(first.status).toBe(200);
  expect(first.headers).toMatchObject({
    'x-ratelimit-tag_per_key-limit-requests': '1',
    'x-ratelimit-tag_per_key-remaining-requests': '0',
  });
  expect((await tagged(key, 'ci', 'nightly')).status).toBe(429);
  expect((await tagged(key, 'ci', 'off')).status).toBe(429);
  expect([(await tagged(key, 'ci')).status, (await tagged(key, 'ci')).status]).toEqual([200, 429]);
});

test('a change holds from the next call on, and null takes the limits away', async () => {
  const { key } = await make({ tag_rpm_limit: { ci: 1 }, metadata: { note: 'kept' } });
  expect((await tagged(key, 'ci')).status).toBe(200);
  expect((await post('/key/update', { key, tag_rpm_limit: { ci: 2 } })).status).toBe(200);
  expect([(await tagged(key, 'ci')).status, (await tagged(key, 'ci')).status]).toEqual([200, 429]);
  const { body } = await post('/key/update', { key, tag_rpm_limit: null });
  expect(body.metadata).toEqual({ note: 'kept' });
  expect((await tagged(key, 'ci')).status).toBe(200);
});

test('/key/explain shows it with its tag and its numbers, and uses up nothing', async () => {
  const { key, key_id } = await make({ tag_rpm_limit: { ci: 1, other: 5 } });
  const explain = async () => (await post('/key/explain', { key, model: 'mock-gpt', tags: ['ci'] })).body;
  const rule = { rule: 'tag_rpm_limit', owner: `key ${key_id}`, model: null, tag: 'ci' };
  await explain();
  const before = await explain();
  expect(before.allowed).toBe(true);
  expect(before.rules.at(-1)).toMatchObject({ ...rule, passed: true, numbers: { limit: 1, used: 0, this_call: 1 } });
  await tagged(key, 'ci');
  const after = await explain();
  expect(after.rules.at(-1)).toMatchObject({ ...rule, passed: false, numbers: { used: 1, remaining: 0 } });
  expect(after.error.message).toBe((await tagged(key, 'ci')).body.error.message);
});
