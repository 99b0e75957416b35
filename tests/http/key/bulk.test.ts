import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const post = (path: string, body: object = {}, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const make = async (body: object = {}) => (await post('/key/generate', body)).body;
const infoOf = async (key: string) => (await callGateway(gateway, `GET /key/info?key=${key}`)).body.info;

/** A person with a key of its own, which may manage keys. */
async function person(userId: string): Promise<string> {
  await post('/user/new', { user_id: userId, user_role: 'internal_user', auto_create_key: false });
  return (await make({ user_id: userId })).key;
}

describe('POST /key/bulk_update', () => {
  test('changes each key by itself and says which were not, and why', async () => {
    const [one, two] = [await make({ max_budget: 1 }), await make({ max_budget: 1 })];
    const { status, body } = await post('/key/bulk_update', {
      keys: [
        { key: one.key_id, max_budget: 5, tags: ['a'] },
        { key: two.key_id, max_budget: -1 },
        { key: 'no-such-alias', max_budget: 5 },
      ],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      total_requested: 3,
      successful_updates: [{ key: one.key_id, key_info: { max_budget: 5, metadata: { tags: ['a'] } } }],
      failed_updates: [
        { key: two.key_id, key_info: { key_id: two.key_id, max_budget: 1 }, failed_reason: expect.any(String) },
        { key: 'no-such-alias', key_info: null, failed_reason: expect.stringContaining('Key not found') },
      ],
    });
    expect((await infoOf(one.key_id)).max_budget).toBe(5);
    expect((await infoOf(two.key_id)).max_budget).toBe(1);
  });

  test('refuses none, more than 500, and whoever is no administrator', async () => {
    const many = Array.from({ length: 501 }, () => ({ key: 'x' }));
    for (const keys of [[], many]) {
      expect(await post('/key/bulk_update', { keys })).toMatchObject({
        status: 400,
        body: { error: { param: 'keys' } },
      });
    }
    const own = await person('bulk-user');
    expect((await post('/key/bulk_update', { keys: [{ key: own, max_budget: 1 }] }, own)).status).toBe(403);
  });
});

describe('GET /key/aliases', () => {
  test('shows aliases alone, in order, by part and by page', async () => {
    for (const key_alias of ['Zeta-ALIAS-1', 'alpha-alias-2', 'ÄRGER-alias-3']) await make({ key_alias });
    await make({ user_id: 'alias-in-a-user-id' });
    const ask = async (query: string) => (await callGateway(gateway, `GET /key/aliases?${query}`)).body;
    const all = await ask('search=-alias-');
    expect([...all.aliases].sort()).toEqual(['Zeta-ALIAS-1', 'alpha-alias-2', 'ÄRGER-alias-3']);
    expect(await ask('search=-alias-&size=2&page=2')).toEqual({
      aliases: [all.aliases[2]],
      total_count: 3,
      current_page: 2,
      total_pages: 2,
      size: 2,
    });
    expect((await ask('search=%C3%A4rger')).aliases).toEqual(['ÄRGER-alias-3']);
    expect((await ask('search=key_')).aliases).toEqual([]);
    expect((await ask('')).size).toBe(50);
  });

  test('shows nobody the aliases of others', async () => {
    const own = await person('alias-user');
    await make({ key_alias: 'of-somebody-else' });
    await make({ key_alias: 'of-alias-user', user_id: 'alias-user' });
    const { body } = await callGateway(gateway, 'GET /key/aliases', { key: own });
    expect(body.aliases).toEqual(['of-alias-user']);
  });
});

describe('POST /key/service-account/generate', () => {
  test('makes a key of a team and of nobody, which outlives its maker', async () => {
    const { team_id } = (await post('/team/new', { team_alias: 'robots' })).body;
    const { status, body } = await post('/key/service-account/generate', {
      team_id,
      key_alias: 'robot-1',
      user_id: 'somebody',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ team_id, user_id: null, metadata: { service_account_id: 'robot-1' } });
    expect((await callGateway(gateway, 'GET /models', { key: body.key })).status).toBe(200);
  });

  test.each([{}, { team_id: null }, { team_id: '' }, { team_id: 'no-such-team' }])('refuses %j', async (body) => {
    expect(await post('/key/service-account/generate', body)).toMatchObject({
      status: 400,
      body: { error: { param: 'team_id' } },
    });
  });
});

describe('POST /key/{key}/reset_spend', () => {
  test('takes spend back, down to nothing', async () => {
    const { key_id, token } = await make({ spend: 3, max_budget: 2 });
    const reset = (reset_to: unknown) => post(`/key/${key_id}/reset_spend`, { reset_to });
    expect((await reset(1.5)).body).toEqual({
      key_hash: token,
      spend: 1.5,
      previous_spend: 3,
      max_budget: 2,
      budget_reset_at: null,
    });
    expect((await infoOf(key_id)).spend).toBe(1.5);
    for (const beyond of [1.6, -1, 2.5, 'nan']) {
      expect(await reset(beyond), String(beyond)).toMatchObject({
        status: 400,
        body: { error: { param: 'reset_to' } },
      });
    }
    expect((await reset('much')).status).toBe(422);
    expect((await reset(0)).body).toMatchObject({ spend: 0, previous_spend: 1.5 });
    const { body } = await callGateway(gateway, `GET /audit?object_id=${token}&action=reset`);
    expect(body.audit_logs).toHaveLength(2);
  });

  test('says what is allowed, the budget of a linked row being one', async () => {
    await post('/budget/new', { budget_id: 'small', max_budget: 1 });
    const { key_id } = await make({ spend: 3, budget_id: 'small' });
    const refusal = async (reset_to: number) =>
      (await post(`/key/${key_id}/reset_spend`, { reset_to })).body.error.message;
    expect(await refusal(-1)).toContain('reset_to must be >= 0');
    expect(await refusal(4)).toContain('reset_to (4.0) must be <= current spend (3.0)');
    expect(await refusal(2)).toContain('reset_to (2.0) must be <= budget (1.0)');
  });

  test('lets the further budgets of the key start anew', async () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const limits = [
      { budget_duration: '1h', max_budget: 0.000001 },
      { budget_duration: '30d', max_budget: 50 },
    ];
    const { key } = await make({ budget_limits: limits, budget_duration: '30d' });
    const call = async () => (await post('/chat/completions', { model: 'mock-gpt', messages }, key)).status;
    expect([await call(), await call()]).toEqual([200, 400]);
    const spent = (await infoOf(key)).spend;
    expect((await post(`/key/${key}/reset_spend`, { reset_to: spent })).status).toBe(200);
    expect((await infoOf(key)).spend).toBe(spent);
    expect(await call()).toBe(200);
  });

  test('not beyond the budget, and not for whoever holds the key', async () => {
    const { key_id } = await make({ spend: 3, max_budget: 2 });
    expect((await post(`/key/${key_id}/reset_spend`, { reset_to: 2.5 })).status).toBe(400);
    const own = await person('spender');
    expect((await post(`/key/${own}/reset_spend`, { reset_to: 0 }, own)).status).toBe(403);
    expect((await post('/key/no-such-key/reset_spend', { reset_to: 0 })).status).toBe(404);
  });
});
