import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const clock = { nowMs: Date.parse('2026-05-04T10:00:00Z') };
let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({
    nowMs: () => clock.nowMs,
    config: [
      'model_list:',
      '  - model_name: dime',
      '    litellm_params: {model: openai/d, mock_response: Hi, input_cost_per_token: 0, output_cost_per_token: 0.1}',
    ].join('\n'),
  });
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const chat = async (key: string) => {
  const messages = [{ role: 'user', content: 'Hi' }];
  return (await post('/v1/chat/completions', { model: 'dime', max_tokens: 1, messages }, key)).status;
};
const info = async (key: string) => (await callGateway(gateway, `GET /key/info?key=${key}`)).body.info;

test('spend, its reset and its correction are those of the window that the linked budget sets', async () => {
  await post('/budget/new', { budget_id: 'daily', max_budget: 0.15, budget_duration: '1d' });
  const { body } = await post('/key/generate', { budget_id: 'daily', spend: 0.05 });
  expect(body).toMatchObject({ spend: 0.05, budget_reset_at: '2026-05-05T00:00:00.000000+00:00' });
  expect(await chat(body.key)).toBe(200);
  const spent = (await info(body.key)).spend;
  expect(spent).toBeGreaterThan(0.05);
  // The whole of today's budget is used up: what is shown is what is enforced.
  expect(await chat(body.key)).toBe(spent >= 0.15 ? 400 : 200);

  await post('/key/update', { key: body.key, spend: 0 });
  expect(await info(body.key)).toMatchObject({ spend: 0 });
  expect(await chat(body.key)).toBe(200);

  clock.nowMs += 86_400_000;
  expect(await info(body.key)).toMatchObject({ spend: 0, budget_reset_at: '2026-05-06T00:00:00.000000+00:00' });
});

test('what has been spent goes along into the window of a budget that a key is linked to later', async () => {
  await post('/budget/new', { budget_id: 'monthly', max_budget: 5, budget_duration: '1mo' });
  const { key } = (await post('/key/generate', { spend: 2 })).body;
  await post('/key/update', { key, budget_id: 'monthly' });
  expect(await info(key)).toMatchObject({ spend: 2 });
  await post('/key/update', { key, budget_id: null });
  expect(await info(key)).toMatchObject({ spend: 2, budget_reset_at: null });
});

test('/key/info shows the row that a key is linked to, unless a soft budget of its own stands there', async () => {
  await post('/budget/new', { budget_id: 'shown', max_budget: 7, budget_duration: '1d', rpm_limit: 5 });
  const { key } = (await post('/key/generate', { budget_id: 'shown' })).body;
  const table = {
    budget_id: 'shown',
    max_budget: 7,
    rpm_limit: 5,
    budget_duration: '1d',
    budget_reset_at: new Date(Math.ceil(clock.nowMs / 86_400_000) * 86_400_000).toISOString().replace('Z', '000+00:00'),
  };
  expect(await info(key)).toMatchObject({ litellm_budget_table: table, max_budget: null, rpm_limit: null });
  const both = await post('/v2/key/info', { keys: [key] });
  expect(both.body.info).toMatchObject([{ litellm_budget_table: table }]);
  await post('/budget/update', { budget_id: 'shown', max_budget: 8 });
  expect((await info(key)).litellm_budget_table).toMatchObject({ max_budget: 8 });
  await post('/key/update', { key, soft_budget: 3 });
  expect((await info(key)).litellm_budget_table).toMatchObject({
    budget_id: 'shown',
    soft_budget: 3,
    max_budget: null,
  });
  await post('/key/update', { key, soft_budget: null, budget_id: null });
  expect((await info(key)).litellm_budget_table).toBe(null);
});
