import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const CONFIG = `
model_list:
  - model_name: listed
    litellm_params: {model: openai/gpt-4o, mock_response: Hello}
  - model_name: free
    litellm_params: {model: openai/gpt-4o, mock_response: Hello, input_cost_per_token: 0, output_cost_per_token: 0}
`;

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({ config: CONFIG });
});
afterAll(() => gateway.close());

const messages = [{ role: 'user', content: 'How are you today?' }];
const make = async (body: object) => (await callGateway(gateway, 'POST /key/generate', { body })).body.key;
const ask = (key: string, model: string) =>
  callGateway(gateway, 'POST /v1/chat/completions', { key, body: { model, messages } });

test('a mock costs what the model costs whose name it has', async () => {
  const { data } = (await callGateway(gateway, 'GET /model/info', {})).body;
  const { model_info: info } = data.find(({ model_name: name }: { model_name: string }) => name === 'listed');
  expect(info.input_cost_per_token).toBeGreaterThan(0);
  const { status, headers, body } = await ask(await make({}), 'listed');
  expect(status).toBe(200);
  const { prompt_tokens: prompt, completion_tokens: completion } = body.usage;
  const cost = prompt * info.input_cost_per_token + completion * info.output_cost_per_token;
  expect(Number(headers['x-litellm-response-cost'])).toBeCloseTo(cost, 10);
});

test('so a budget can be tried out without a provider', async () => {
  const key = await make({ max_budget: 1e-9 });
  const statuses = [(await ask(key, 'listed')).status, (await ask(key, 'listed')).status];
  expect(statuses).toEqual([200, 400]);
});

test('one with a price of 0 is free', async () => {
  const key = await make({ max_budget: 1e-9 });
  const statuses = [(await ask(key, 'free')).status, (await ask(key, 'free')).status];
  expect(statuses).toEqual([200, 200]);
});
