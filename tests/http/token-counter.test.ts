import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const count = (body: object) => callGateway(gateway, 'POST /utils/token_counter', { body });

test('estimates messages and prompts, and says that it does', async () => {
  const content = 'four'.repeat(100);
  const { status, body } = await count({ model: 'gpt-4', messages: [{ role: 'user', content }] });
  expect([status, body]).toEqual([
    200,
    { total_tokens: 107, request_model: 'gpt-4', model_used: 'gpt-4', tokenizer_type: 'estimate' },
  ]);
  expect((await count({ model: 'gpt-4', prompt: content })).body.total_tokens).toBe(100);
  expect((await count({ model: 'gpt-4', prompt: [1, 2, 3] })).body.total_tokens).toBe(3);
});

test('agrees with what /spend/calculate prices', async () => {
  const messages = [{ role: 'user', content: 'How long is this sentence, give or take?' }];
  const { body } = await count({ model: 'mock-gpt', messages });
  const { cost } = (await callGateway(gateway, 'POST /spend/calculate', { body: { model: 'mock-gpt', messages } }))
    .body;
  expect(cost).toBeCloseTo(body.total_tokens * 0.000_001, 12);
});

test.each([
  [{ model: 'gpt-4' }, 400],
  [{ model: 'gpt-4', messages: null, prompt: null }, 400],
  [{ messages: [] }, 422],
  [{ model: 'x'.repeat(257), messages: [] }, 422],
  [{ model: 'gpt-4', messages: 'hi' }, 422],
])('refuses %j with %i', async (body, status) => {
  expect((await count(body)).status).toBe(status);
});

test('needs a key', async () => {
  const body = { model: 'gpt-4', prompt: 'hi' };
  expect((await callGateway(gateway, 'POST /utils/token_counter', { body, key: null })).status).toBe(401);
});
