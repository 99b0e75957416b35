// A key can name the budget row for the customers on whose behalf it calls.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const CONFIG = `
model_list:
  - model_name: mock-gpt
    litellm_params: {model: openai/mock-gpt, mock_response: Hi, input_cost_per_token: 0.1, output_cost_per_token: 0}
litellm_settings: {max_end_user_budget_id: usual}`;

let gateway: TestApp;
const keys: Record<string, string> = {};
const post = async (path: string, body: object) => (await callGateway(gateway, `POST ${path}`, { body })).body;
beforeAll(async () => {
  gateway = await startTestApp({ config: CONFIG });
  for (const [id, max] of Object.entries({ usual: 1_000, small: 0.1, own: 500, none: 0 })) {
    await post('/budget/new', { budget_id: id, max_budget: max });
  }
  for (const id of ['small', 'none', 'no-such-row']) {
    keys[id] = (await post('/key/generate', { metadata: { end_user_budget_id: id } })).key;
  }
  keys.plain = (await post('/key/generate', {})).key;
});
afterAll(() => gateway.close());

const call = async (who: string, user: string) => {
  const body = { model: 'mock-gpt', user, messages: [{ role: 'user', content: 'hi' }] };
  const { status, body: answer } = await callGateway(gateway, 'POST /chat/completions', {
    key: keys[who] ?? null,
    body,
  });
  return status === 200 ? 'served' : answer.error.message;
};

describe('metadata.end_user_budget_id of a key', () => {
  test('holds for a customer that nobody knew, from the first call on', async () => {
    expect(await call('none', 'first')).toMatch(/ExceededBudget: End User=first over budget/);
    expect(await call('small', 'new')).toBe('served');
    expect(await call('small', 'new')).toMatch(/ExceededBudget: End User=new over budget\. .*Budget=0\.1/);
    expect(await call('small', 'another')).toBe('served');
  });

  test('for one that has no row of its own, and through this key alone', async () => {
    await post('/customer/new', { user_id: 'known' });
    expect(await call('none', 'known')).toMatch(/over budget/);
    expect(await call('plain', 'known')).toBe('served');
    expect(await call('none', 'known')).toMatch(/over budget/);
    const { body } = await callGateway(gateway, 'GET /customer/info?end_user_id=known');
    expect(body.budget_id).toBe(null);
  });

  test('and not where the customer has its own', async () => {
    await post('/customer/new', { user_id: 'with a row', budget_id: 'own' });
    await post('/customer/new', { user_id: 'with a limit', max_budget: 400 });
    expect(await call('none', 'with a row')).toBe('served');
    expect(await call('none', 'with a limit')).toBe('served');
  });

  test('as the row is now', async () => {
    expect(await call('none', 'raised')).toMatch(/over budget/);
    await post('/budget/update', { budget_id: 'none', max_budget: 300 });
    expect(await call('none', 'raised')).toBe('served');
    await post('/budget/update', { budget_id: 'none', max_budget: 0 });
    expect(await call('none', 'raised')).toMatch(/over budget/);
  });

  test('a row that there is not limits nothing', async () => {
    expect(await call('no-such-row', 'somebody')).toBe('served');
  });
});
