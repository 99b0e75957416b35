import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const model = (name: string, usd: number) => `
  - model_name: ${name}
    litellm_params: {model: openai/${name}, mock_response: Hi, input_cost_per_token: 0, output_cost_per_token: ${usd}}`;

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({
    config: `model_list:${model('dear', 0.1)}${model('cheap', 0.001)}${model('spare', 0.001)}${model('fake/*', 0.001)}
router_settings: {model_group_alias: {best: dear}}`,
  });
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const make = async (body: object) => (await post('/key/generate', body)).body.key as string;
const call = (key: string, name: string, more: object = {}) =>
  post(
    '/v1/chat/completions',
    { model: name, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }], ...more },
    key,
  );
const servedBy = async (key: string, name = 'dear') => {
  const { status, headers, body } = await call(key, name);
  return status === 200 ? headers['x-litellm-model-group'] : body.error.message;
};
const explain = async (key: string, name = 'dear') =>
  (await post('/key/explain', { key, model: name, max_tokens: 1 })).body;
const USED_UP = { dear: { budget_limit: 0, time_period: '1d' } };

describe('a model whose budget is used up', () => {
  test('is stood in for by the next one, which is billed under its own name', async () => {
    const key = await make({
      model_max_budget: { dear: { budget_limit: 0.05, time_period: '1d' } },
      budget_fallbacks: { dear: ['cheap'] },
    });
    expect(await explain(key)).toMatchObject({ allowed: true, served_by: 'dear' });
    const first = await call(key, 'dear');
    expect(first.headers).toMatchObject({ 'x-litellm-model-group': 'dear', 'x-litellm-attempted-fallbacks': '0' });
    expect(first.headers).not.toHaveProperty('x-latchkey-budget-fallback-for');

    expect(await explain(key)).toMatchObject({ allowed: true, error: null, served_by: 'cheap' });
    expect((await explain(key)).rules.filter(({ passed }: { passed: boolean }) => !passed)).toMatchObject([
      { rule: 'model_max_budget', model: 'dear' },
    ]);
    expect((await explain(key)).rules).toContainEqual(
      expect.objectContaining({ rule: 'budget_fallbacks', model: 'cheap', passed: true }),
    );
    const second = await call(key, 'dear');
    expect(second.headers).toMatchObject({
      'x-litellm-model-group': 'cheap',
      'x-litellm-attempted-fallbacks': '1',
      'x-latchkey-budget-fallback-for': 'dear',
    });
    const { body: rows } = await callGateway(gateway, `GET /spend/logs?api_key=${key}`);
    expect(rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ model: 'dear', model_group: 'dear' }),
        expect.objectContaining({ model: 'cheap', model_group: 'cheap' }),
      ]),
    );
  });

  test('is stood in for by the first that its key may call and that no limit refuses', async () => {
    const budgets = { ...USED_UP, cheap: { budget_limit: 0, time_period: '1d' } };
    const chain = ['fake/one', 'cheap', 'spare'];
    const key = await make({
      models: ['dear', 'cheap', 'spare'],
      model_max_budget: budgets,
      budget_fallbacks: { dear: chain },
    });
    expect(await servedBy(key)).toBe('spare');
    expect(
      (await explain(key)).rules.filter(({ rule }: { rule: string }) => rule === 'budget_fallbacks'),
    ).toMatchObject([
      { model: 'fake/one', passed: false, message: expect.stringContaining('not allowed to access model') },
      { model: 'cheap', passed: false, message: expect.stringContaining('exceeded budget for model=cheap') },
      { model: 'spare', passed: true, message: null },
    ]);
  });

  test('is refused in its own words where none can stand in, and nothing is used up', async () => {
    const key = await make({
      rpm_limit: 1,
      model_max_budget: { ...USED_UP, cheap: { budget_limit: 0, time_period: '1d' } },
      budget_fallbacks: { dear: ['cheap'] },
    });
    for (let refused = 0; refused < 3; refused += 1) {
      expect(await servedBy(key)).toContain('exceeded budget for model=dear');
    }
    expect(await explain(key)).toMatchObject({
      allowed: false,
      served_by: null,
      error: { message: expect.stringContaining('exceeded budget for model=dear') },
    });
    expect(await servedBy(key, 'spare')).toBe('spare');
  });

  test('is looked for under the name that was asked for and under what it stands for', async () => {
    const key = await make({
      aliases: { mine: 'dear' },
      model_max_budget: { ...USED_UP, 'fake/*': { budget_limit: 0, time_period: '1d' } },
      budget_fallbacks: { dear: ['cheap'], 'fake/*': ['spare'], best: ['spare'] },
    });
    expect(await servedBy(key, 'mine')).toBe('cheap');
    expect(await servedBy(key, 'best')).toBe('spare');
    expect(await servedBy(key, 'fake/two')).toBe('spare');
  });
});

test('a hard budget of the whole key that cannot pay for a model may pay for another one', async () => {
  const key = await make({ max_budget: 0.05, budget_mode: 'hard', budget_fallbacks: { dear: ['cheap'] } });
  expect(await servedBy(key)).toBe('cheap');
  const poor = await make({ max_budget: 0, budget_fallbacks: { dear: ['cheap'] } });
  expect(await servedBy(poor)).toContain('Budget has been exceeded!');
});

test('calls that a rate refuses go nowhere else', async () => {
  const key = await make({ model_rpm_limit: { dear: 0 }, budget_fallbacks: { dear: ['cheap'] } });
  expect((await call(key, 'dear')).status).toBe(429);
  expect(await explain(key)).toMatchObject({ allowed: false, served_by: null });
});

test('fifty calls at once use each budget to its end and not beyond', async () => {
  const key = await make({
    budget_mode: 'hard',
    model_max_budget: {
      dear: { budget_limit: 0.5, time_period: '1d' },
      cheap: { budget_limit: 0.005, time_period: '1d' },
    },
    budget_fallbacks: { dear: ['cheap'] },
  });
  const answers = await Promise.all(Array.from({ length: 50 }, () => servedBy(key)));
  expect(answers.filter((group) => group === 'dear')).toHaveLength(5);
  expect(answers.filter((group) => group === 'cheap')).toHaveLength(5);
});

describe('what cannot be a chain of models', () => {
  const BAD: [string, unknown][] = [
    ['a list', ['cheap']],
    ['a single name', { dear: 'cheap' }],
    ['numbers', { dear: [1] }],
    ['an unknown model', { dear: ['nobody'] }],
    ['the model itself', { dear: ['dear'] }],
    ['very many', { dear: Array.from({ length: 21 }, () => 'cheap') }],
  ];
  test.each(BAD)('is refused, naming the field: %s', async (_what, chains) => {
    const key = await make({});
    for (const [path, body] of [
      ['/key/generate', {}],
      ['/key/update', { key }],
      [`/key/${key}/regenerate`, {}],
    ] as const) {
      const { status, body: answer } = await post(path, { ...body, budget_fallbacks: chains });
      expect([400, 422]).toContain(status);
      expect(answer.error.param).toMatch(/^budget_fallbacks/);
    }
  });
});

test('is told as acted on, and is taken out by null', async () => {
  const made = await post('/key/generate', { model_max_budget: USED_UP, budget_fallbacks: { dear: ['cheap'] } });
  expect(made.headers).not.toHaveProperty('x-latchkey-not-enforced');
  expect(made.body.budget_fallbacks).toEqual({ dear: ['cheap'] });
  await post('/key/update', { key: made.body.key, budget_fallbacks: null });
  expect(await servedBy(made.body.key)).toContain('exceeded budget for model=dear');
});

test('nobody gives a key fallbacks to models that its maker may not call', async () => {
  await post('/user/new', { user_id: 'ada', user_role: 'internal_user', auto_create_key: false });
  const maker = await make({ user_id: 'ada', models: ['dear'] });
  const own = await post('/key/generate', { models: ['dear'] }, maker);
  expect(own.status).toBe(200);
  const budget_fallbacks = { dear: ['cheap'] };
  for (const [path, body] of [
    ['/key/generate', { models: ['dear'], budget_fallbacks }],
    ['/key/update', { key: own.body.key, budget_fallbacks }],
    [`/key/${own.body.key}/regenerate`, { budget_fallbacks }],
  ] as const) {
    const { status, body: answer } = await post(path, body, maker);
    expect(status).toBe(403);
    expect(answer.error.param).toBe('budget_fallbacks');
  }
});
