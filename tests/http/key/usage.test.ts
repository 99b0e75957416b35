/** What /key/info tells of budgets by model and over further lengths of time. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const make = async (body: object) => (await post('/key/generate', body)).body.key as string;
const info = async (key: string) => (await callGateway(gateway, `GET /key/info?key=${key}`)).body.info;
const call = async (key: string) => {
  const messages = [{ role: 'user', content: 'hi' }];
  expect((await post('/chat/completions', { model: 'mock-gpt', messages }, key)).status).toBe(200);
};

test('it tells what has been spent of each', async () => {
  const key = await make({
    model_max_budget: { 'mock-gpt': { budget_limit: 5, time_period: '1d' }, 'gpt-4': 2 },
    budget_limits: [
      { budget_duration: '1h', max_budget: 3 },
      { budget_duration: '7d', max_budget: 9 },
    ],
  });
  const nothing = {
    'mock-gpt': { current_spend: 0, budget_limit: 5, time_period: '1d' },
    'gpt-4': { current_spend: 0, budget_limit: 2, time_period: null },
  };
  expect((await info(key)).model_max_budget_usage).toEqual(nothing);
  await call(key);
  const shown = await info(key);
  const { spend } = shown;
  expect(spend).toBeGreaterThan(0);
  const usage = {
    model_max_budget_usage: { ...nothing, 'mock-gpt': { ...nothing['mock-gpt'], current_spend: spend } },
    budget_limits_usage: { '1h': { current_spend: spend }, '7d': { current_spend: spend } },
  };
  expect(shown).toMatchObject(usage);
  expect((await post('/v2/key/info', { keys: [key] })).body.info).toMatchObject([usage]);
});

test('a linked row’s budgets count, and a key without such budgets shows none', async () => {
  const limits = { model_max_budget: { 'mock-gpt': { budget_limit: 4, time_period: '30d' } } };
  await post('/budget/new', { budget_id: 'by-model', ...limits });
  const key = await make({ budget_id: 'by-model' });
  await call(key);
  const shown = await info(key);
  expect(shown.model_max_budget_usage).toEqual({
    'mock-gpt': { current_spend: shown.spend, budget_limit: 4, time_period: '30d' },
  });
  const plain = await make({ max_budget: 5 });
  for (const name of ['model_max_budget_usage', 'budget_limits_usage']) {
    expect(await info(plain)).not.toHaveProperty(name);
  }
});
