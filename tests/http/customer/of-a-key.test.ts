// A key can name the budget row for the customers on whose behalf it calls.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../src/core/key-secret.ts';
import { buildKey } from '../../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../../support/seeded-app.ts';

const CONFIG = `
model_list:
  - model_name: mock-gpt
    litellm_params: {model: openai/mock-gpt, mock_response: Hi, input_cost_per_token: 0.1, output_cost_per_token: 0}
litellm_settings: {max_end_user_budget_id: usual}`;

const FORGOTTEN = 'sk-forgotten-0123456789';

let gateway: SeededApp;
const keys: Record<string, string> = {};
const post = async (path: string, body: object) => (await callGateway(gateway, `POST ${path}`, { body })).body;
beforeAll(async () => {
  // As it may have come from LiteLLM, which looks for no row.
  const forgotten = buildKey({ hash: sha256Hex(FORGOTTEN), metadata: { end_user_budget_id: 'no-such-row' } });
  gateway = await startSeededApp((unit) => unit.keys.insert(forgotten), { config: CONFIG });
  keys.forgotten = FORGOTTEN;
  for (const [id, max] of Object.entries({ usual: 1_000, small: 0.1, own: 500, none: 0 })) {
    await post('/budget/new', { budget_id: id, max_budget: max });
  }
  for (const id of ['small', 'none']) {
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

  test('and has to exist where a request names it, whoever asks', async () => {
    const metadata = { end_user_budget_id: 'no-such-row' };
    const { key } = await post('/key/generate', { metadata: { end_user_budget_id: 'small' } });
    for (const [path, body] of [
      ['/key/generate', { metadata }],
      ['/key/update', { key, metadata }],
      ['/key/regenerate', { key, metadata }],
    ] as const) {
      expect((await post(path, body)).error).toMatchObject({
        message: 'Budget not found, passed metadata.end_user_budget_id=no-such-row. Make it with /budget/new first.',
        param: 'metadata',
        code: '400',
      });
    }
    expect(await post('/key/update', { key, metadata: { end_user_budget_id: 'none' } })).toMatchObject({ key });
    // What a key has already it keeps.
    expect(await post('/key/update', { key: FORGOTTEN, metadata: { ...metadata, note: 1 } })).toMatchObject({
      metadata,
    });
  });

  test('gives way to the row of the configuration where there is none of that name', async () => {
    await post('/budget/update', { budget_id: 'usual', max_budget: 0 });
    expect(await call('forgotten', 'somebody')).toMatch(/ExceededBudget: End User=somebody over budget/);
    expect(await call('forgotten', 'known')).toMatch(/over budget/);
    await post('/budget/update', { budget_id: 'usual', max_budget: 1_000 });
    expect(await call('forgotten', 'somebody')).toBe('served');
    await post('/budget/new', { budget_id: 'no-such-row', max_budget: 0 });
    expect(await call('forgotten', 'somebody')).toMatch(/over budget/);
  });

  test('is not deleted from under a key, nor is that of the configuration', async () => {
    for (const [id, who] of [
      ['small', 'keys'],
      ['usual', 'litellm_settings.max_end_user_budget_id'],
    ]) {
      expect((await post('/budget/delete', { id })).error).toMatchObject({
        message: expect.stringMatching(new RegExp(`^Budget ${id} is still in use .*${who}`)),
        code: '400',
      });
    }
    await post('/budget/new', { budget_id: 'sma', max_budget: 1 });
    expect((await post('/budget/delete', { id: 'sma' })).error).toBeUndefined();
  });

  test('stays on the key, and goes along to what the key makes', async () => {
    await post('/user/new', { user_id: 'plain', auto_create_key: false });
    const bound = await post('/key/generate', { user_id: 'plain', metadata: { end_user_budget_id: 'small' } });
    const free = await post('/key/generate', { user_id: 'plain' });
    const ask = (key: string, path: string, body: object) => callGateway(gateway, `POST ${path}`, { key, body });
    expect((await ask(bound.key, '/key/generate', {})).body.metadata).toEqual({ end_user_budget_id: 'small' });
    for (const [key, path, body] of [
      [bound.key, '/key/generate', { metadata: { end_user_budget_id: 'usual' } }],
      [bound.key, '/key/update', { key: bound.key_id, metadata: {} }],
      [bound.key, '/key/regenerate', { key: free.key_id }],
      [free.key, '/key/update', { key: bound.key_id, metadata: {} }],
      [free.key, '/key/update', { key: free.key_id, metadata: { end_user_budget_id: 'own' } }],
    ] as const) {
      const { status, body: reply } = await ask(key, path, body);
      expect([path, status, reply.error?.param]).toEqual([path, 403, 'metadata']);
    }
  });
});
