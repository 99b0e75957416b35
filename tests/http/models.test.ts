import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const UPSTREAM_SECRET = 'sk-upstream-secret-of-the-operator';

const CONFIG = `
model_list:
  - model_name: mock-gpt
    litellm_params: {model: openai/mock-gpt, mock_response: Hello, input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}
  - model_name: gpt-4
    litellm_params:
      model: openai/gpt-4-turbo
      api_key: ${UPSTREAM_SECRET}
      api_base: https://llm.example/v1?token=${UPSTREAM_SECRET}
      rpm: 10
    model_info: {id: four-a, team: blue}
  - model_name: gpt-4
    litellm_params: {model: groq/gpt-4, api_key: ${UPSTREAM_SECRET}, rpm: 5}
  - model_name: later
    litellm_params: {model: openai/later, api_key: os.environ/NOT_SET_IN_THIS_TEST}
`;

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({ config: CONFIG });
});
afterAll(() => gateway.close());

const make = async (body: object = {}) => (await callGateway(gateway, 'POST /key/generate', { body })).body.key;
const get = async (path: `/${string}`, key?: string) =>
  callGateway(gateway, `GET ${path}`, key === undefined ? {} : { key });

describe('the list of models', () => {
  test.each(['/models', '/v1/models', '/openai/models', '/openai/v1/models'] as const)(
    '%s is OpenAI’s',
    async (path) => {
      const { body } = await get(path);
      expect(body.object).toBe('list');
      expect(body.data).toContainEqual({ id: 'mock-gpt', object: 'model', created: 1677610602, owned_by: 'openai' });
      expect(body.data.filter(({ id }: { id: string }) => id === 'gpt-4')).toHaveLength(1);
    },
  );

  test('of a key with one model has one entry, and so has its /model/info', async () => {
    const key = await make({ models: ['mock-gpt'] });
    expect((await get('/v1/models', key)).body.data.map(({ id }: { id: string }) => id)).toEqual(['mock-gpt']);
    expect((await get('/model/info', key)).body.data).toHaveLength(1);
  });

  test('of a plain key is not longer than the administrator’s', async () => {
    const all = (await get('/v1/models')).body.data.length;
    const own = (await get('/v1/models', await make())).body.data.length;
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThanOrEqual(all);
  });

  test('is there one by one', async () => {
    expect((await get('/v1/models/mock-gpt')).body).toMatchObject({ id: 'mock-gpt', object: 'model' });
    const key = await make({ models: ['mock-gpt'] });
    const hidden = await get('/v1/models/gpt-4', key);
    const absent = await get('/v1/models/gpt-9', key);
    expect([hidden.status, absent.status]).toEqual([404, 404]);
    expect(hidden.body.error.message.replace('gpt-4', 'gpt-9')).toBe(absent.body.error.message);
  });
});

describe('/model/info', () => {
  test.each(['/model/info', '/v1/model/info', '/v2/model/info', '/model_group/info', '/health'] as const)(
    '%s holds nothing that opens an upstream',
    async (path) => {
      const { status, body } = await get(path);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain('secret');
    },
  );

  test('shows deployments, prices and the operator’s own notes', async () => {
    const { data } = (await get('/model/info')).body;
    const mock = data.find(({ model_name: name }: { model_name: string }) => name === 'mock-gpt');
    expect(mock).toMatchObject({
      litellm_params: { model: 'openai/mock-gpt' },
      model_info: { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 },
    });
    const four = (await get('/model/info?litellm_model_id=four-a')).body.data;
    expect(four).toMatchObject([
      {
        litellm_params: { model: 'openai/gpt-4-turbo', api_base: 'https://llm.example/v1' },
        model_info: { team: 'blue' },
      },
    ]);
  });

  test('does not know an id that is not there, or not this key’s', async () => {
    const key = await make({ models: ['mock-gpt'] });
    for (const answer of [
      await get('/model/info?litellm_model_id=none'),
      await get('/model/info?litellm_model_id=four-a', key),
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { error: { param: 'litellm_model_id' } } });
    }
  });

  test('comes in pages that join up, of the same rows', async () => {
    const all = (await get('/model/info')).body.data;
    expect((await get('/v2/model/info')).body).toEqual({
      data: all,
      total_count: 4,
      current_page: 1,
      total_pages: 1,
      size: 50,
    });
    const first = (await get('/v2/model/info?size=3')).body;
    const second = (await get('/v2/model/info?size=3&page=2')).body;
    expect([...first.data, ...second.data]).toEqual(all);
    expect(second).toMatchObject({ total_count: 4, current_page: 2, total_pages: 2, size: 3 });
  });

  test.each([
    ['model=gpt-4', 2],
    ['modelId=four-a', 1],
    ['search=GPT', 3],
    ['model=&modelId=&search=', 4],
    ['model=none', 0],
  ])('in pages is filtered by %s', async (query, count) => {
    const { body } = await get(`/v2/model/info?${query}`);
    expect([body.data.length, body.total_count]).toEqual([count, count]);
  });

  test.each(['page=0', 'size=0', 'size=1001', 'page=x'])('in pages has bounds: %s', async (query) => {
    expect((await get(`/v2/model/info?${query}`)).status).toBe(422);
  });

  test('in pages shows a key its own only', async () => {
    const key = await make({ models: ['mock-gpt'] });
    expect((await get('/v2/model/info', key)).body.total_count).toBe(1);
  });

  test('adds up by group', async () => {
    const { data } = (await get('/model_group/info?model_group=gpt-4')).body;
    expect(data).toMatchObject([{ model_group: 'gpt-4', providers: ['openai', 'groq'], rpm: 15 }]);
  });
});

describe('/health', () => {
  test('tells which deployments are off, and why', async () => {
    const { body } = await get('/health');
    expect(body).toMatchObject({ healthy_count: 3, unhealthy_count: 1, probed: false });
    expect(body.unhealthy_endpoints[0]).toMatchObject({
      model: 'later',
      error: expect.stringContaining('NOT_SET_IN_THIS_TEST'),
    });
  });

  test('needs a key, and shows a key its own models only', async () => {
    expect((await callGateway(gateway, 'GET /health', { key: null })).status).toBe(401);
    const { body } = await get('/health', await make({ models: ['mock-gpt'] }));
    expect([body.healthy_count, body.unhealthy_count]).toEqual([1, 0]);
  });
});
