/** `enforced_params`: fields that the body of every call must have, as the configuration, a key or its team says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const MODEL = `
model_list:
  - model_name: mock-gpt
    litellm_params: {model: openai/mock-gpt, mock_response: Hi}
  - model_name: mock-embedding
    litellm_params: {model: openai/mock-embedding, mock_response: Hi}`;
const MESSAGES = [{ role: 'user', content: 'Hi' }];

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({ config: MODEL });
});
afterAll(() => gateway.close());

const postTo = (app: TestApp) => (path: string, body: object, key?: string) =>
  callGateway(app, `POST ${path}`, key === undefined ? { body } : { body, key });
const post = (path: string, body: object, key?: string) => postTo(gateway)(path, body, key);
const make = async (body: object) => (await post('/key/generate', body)).body;
const call = (key: string | undefined, more: object = {}, app = gateway) =>
  postTo(app)('/v1/chat/completions', { model: 'mock-gpt', messages: MESSAGES, ...more }, key);

const NAMES = ['user', 'metadata.generation_name'];
const WHOLE = { user: 'ada', metadata: { generation_name: 'x' } };

describe.each([
  ['the field', { enforced_params: NAMES }],
  ['metadata', { metadata: { enforced_params: NAMES } }],
])('enforced_params of a key, in %s', (_where, said) => {
  test.each<[object, string, string]>([
    [{}, 'user', 'user'],
    [{ user: null }, 'user', 'user'],
    [{ user: 'ada' }, 'metadata.generation_name', 'metadata'],
    [{ user: 'ada', metadata: {} }, 'metadata.generation_name', '[metadata][generation_name]'],
  ])('a call with %j is a 400 that names %s', async (body, param, shown) => {
    const { key, metadata } = await make(said);
    expect(metadata.enforced_params).toEqual(NAMES);
    const { status, body: answer } = await call(key, body);
    expect(status).toBe(400);
    expect(answer.error).toMatchObject({ type: 'bad_request_error', param, code: '400' });
    expect(answer.error.message).toContain(
      `BadRequest please pass param=${shown} in request body. This is a required param`,
    );
    expect((await call(key, WHOLE)).status).toBe(200);
    expect((await call(key, { ...WHOLE, metadata: '{"generation_name": "x"}' })).status).toBe(200);
  });
});

test('a call without them takes nothing of any limit, and no other key is asked for them', async () => {
  const { key } = await make({ enforced_params: NAMES, rpm_limit: 1, max_parallel_requests: 1 });
  for (let attempt = 0; attempt < 3; attempt += 1) expect((await call(key)).status).toBe(400);
  expect((await call(key, WHOLE)).status).toBe(200);
  expect((await call(key, WHOLE)).status).toBe(429);
  expect((await callGateway(gateway, `GET /spend/logs?api_key=${key}`)).body).toHaveLength(1);
  expect((await call((await make({})).key)).status).toBe(200);
});

test.each<[string, object]>([
  ['/v1/completions', { model: 'mock-gpt', prompt: 'Hi' }],
  ['/v1/embeddings', { model: 'mock-embedding', input: 'Hi' }],
  ['/openai/deployments/mock-gpt/chat/completions', { messages: MESSAGES }],
])('%s asks for them too', async (path, body) => {
  const { key } = await make({ enforced_params: ['model', 'user'] });
  const refused = await post(path, body, key);
  expect([refused.status, refused.body.error.param]).toEqual([400, 'user']);
  expect((await post(path, { ...body, user: 'ada' }, key)).status).toBe(200);
});

test('those of the team hold for its keys beside their own, and a change holds from the next call on', async () => {
  const { body: team } = await post('/team/new', { enforced_params: ['user'] });
  const { key } = await make({ team_id: team.team_id, enforced_params: ['seed'] });
  expect((await call(key, { user: 'ada' })).body.error.param).toBe('seed');
  const refused = await call(key, { seed: 1 });
  expect(refused.body.error.message).toContain(`enforced_params of Team=${team.team_id}`);
  expect((await call(key, { seed: 1, user: 'ada' })).status).toBe(200);
  expect((await post('/team/update', { team_id: team.team_id, enforced_params: [] })).status).toBe(200);
  expect((await post('/key/update', { key, enforced_params: null })).status).toBe(200);
  expect((await call(key)).status).toBe(200);
});

test.each<[string, object]>([
  ['/key/generate', {}],
  ['/team/new', {}],
])('%s refuses lists that no call could satisfy, and no longer says that they do nothing', async (path) => {
  const wrong: [object, string][] = [
    [{ enforced_params: [''] }, 'enforced_params'],
    [{ enforced_params: ['metadata.'] }, 'enforced_params'],
    [{ metadata: { enforced_params: 'user' } }, 'metadata'],
    [{ metadata: { enforced_params: [7] } }, 'metadata'],
  ];
  for (const [body, param] of wrong) {
    const { status, body: answer } = await post(path, body);
    expect([status, answer.error.param]).toEqual([400, param]);
  }
  const { status, headers } = await post(path, { enforced_params: ['user'] });
  expect(status).toBe(200);
  expect(headers).not.toHaveProperty('x-latchkey-not-enforced');
});

describe('/key/explain', () => {
  test('tells of each list, and believes what stands in the question', async () => {
    const { body: team } = await post('/team/new', { enforced_params: ['seed'] });
    const { key, key_id } = await make({ team_id: team.team_id, enforced_params: NAMES });
    const explain = async (more: object) => (await post('/key/explain', { key, model: 'mock-gpt', ...more })).body;
    const refused = await explain({ seed: 1 });
    expect(refused).toMatchObject({ allowed: false, served_by: null, error: { param: 'user', code: '400' } });
    const told = refused.rules.filter(({ rule }: { rule: string }) => rule === 'enforced_params');
    expect(told).toMatchObject([
      { owner: `key ${key_id}`, passed: false, message: expect.stringContaining('please pass param=user') },
      { owner: `team ${team.team_id}`, passed: true },
    ]);
    // Nothing else stands in the way, and nothing is told twice.
    expect(refused.rules.filter(({ passed }: { passed: boolean }) => !passed)).toHaveLength(1);
    expect((await call(key, { seed: 1 })).body.error.message).toBe(refused.error.message);
    expect(await explain({ ...WHOLE, seed: 1 })).toMatchObject({ allowed: true });
  });

  test('says nothing of them where there are none', async () => {
    const { key } = await make({});
    const { rules } = (await post('/key/explain', { key, model: 'mock-gpt' })).body;
    expect(rules.map(({ rule }: { rule: string }) => rule)).not.toContain('enforced_params');
  });
});

describe('of the configuration', () => {
  let strict: TestApp;
  beforeAll(async () => {
    strict = await startTestApp({
      config: `${MODEL}
general_settings:
  enforced_params: [user]
  service_account_settings: {enforced_params: [metadata.job]}`,
    });
  });
  afterAll(() => strict.close());
  const keyOf = async (path: string, body: object) => (await postTo(strict)(path, body)).body.key as string;

  test('they hold for every caller, the master key among them', async () => {
    const key = await keyOf('/key/generate', {});
    for (const caller of [key, undefined]) {
      const refused = await call(caller, {}, strict);
      expect([refused.status, refused.body.error.param]).toEqual([400, 'user']);
      expect(refused.body.error.message).toContain('enforced_params of this proxy');
      expect((await call(caller, { user: 'ada' }, strict)).status).toBe(200);
    }
  });

  test('those of service accounts hold for these alone', async () => {
    const { team_id } = (await postTo(strict)('/team/new', {})).body;
    const key = await keyOf('/key/service-account/generate', { team_id, metadata: { service_account_id: 'robot' } });
    const refused = await call(key, { user: 'ada' }, strict);
    expect([refused.status, refused.body.error.param]).toEqual([400, 'metadata.job']);
    expect(refused.body.error.message).toContain('enforced_params of service accounts');
    expect((await call(key, { user: 'ada', metadata: { job: 7 } }, strict)).status).toBe(200);
  });
});
