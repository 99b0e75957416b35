import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({ nowMs: () => Date.UTC(2026, 3, 1, 12) });
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const get = (path: string) => callGateway(gateway, `GET ${path}`);

describe('a budget', () => {
  test('comes back as it was given, with the end of its window', async () => {
    const { status, body } = await post('/budget/new', {
      budget_id: 'b1',
      max_budget: 10.5,
      rpm_limit: 5,
      budget_duration: '1d',
      model_max_budget: { 'gpt-4': 1 },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      budget_id: 'b1',
      max_budget: 10.5,
      rpm_limit: 5,
      tpm_limit: null,
      budget_reset_at: '2026-04-02T00:00:00.000000+00:00',
      model_max_budget: { 'gpt-4': 1 },
      created_by: 'default_user_id',
    });
    expect((await post('/budget/info', { budgets: ['b1', 'unknown'] })).body).toMatchObject([{ budget_id: 'b1' }]);
    expect((await get('/budget/list')).body.map(({ budget_id }: { budget_id: string }) => budget_id)).toContain('b1');
    expect((await get('/budget/settings?budget_id=b1')).body).toContainEqual(
      expect.objectContaining({ field_name: 'max_budget', field_value: 10.5, stored_in_db: true }),
    );
  });

  test('gets a name where none is given, and each name once', async () => {
    const { body } = await post('/budget/new', { max_budget: 1 });
    expect(body.budget_id).toMatch(/^budget_/);
    const again = await post('/budget/new', { budget_id: body.budget_id });
    expect([again.status, again.body.error.param]).toEqual([400, 'budget_id']);
    expect(again.body.detail).toEqual({ error: `Budget with id '${body.budget_id}' already exists.` });
  });

  test('says what is wrong where clients of LiteLLM look for it', async () => {
    const nameless = await post('/budget/update', { max_budget: 1 });
    expect([nameless.status, nameless.body.detail]).toEqual([400, { error: 'budget_id is required' }]);
    expect(nameless.body.error).toMatchObject({ message: 'budget_id is required', param: 'budget_id' });
    const none = await post('/budget/info', { budgets: [] });
    expect([none.status, none.body.error.param]).toEqual([400, 'budgets']);
    expect(none.body.detail.error).toBe(none.body.error.message);
    const malformed = await post('/budget/new', { max_budget: 'much' });
    expect([malformed.status, malformed.body.detail]).toMatchObject([422, [{ loc: ['body', 'max_budget'] }]]);
  });

  test('is changed field by field: absent keeps, null clears, 0 is 0', async () => {
    await post('/budget/new', { budget_id: 'b2', max_budget: 3, rpm_limit: 5, tpm_limit: 7 });
    const { body } = await post('/budget/update', { budget_id: 'b2', max_budget: null, rpm_limit: 0 });
    expect(body).toMatchObject({ max_budget: null, rpm_limit: 0, tpm_limit: 7 });
    expect((await post('/budget/update', { budget_id: 'nowhere', max_budget: 1 })).status).toBe(404);
  });

  test('cannot be taken from under those who are linked to it', async () => {
    await post('/budget/new', { budget_id: 'b3', max_budget: 3 });
    await post('/customer/new', { user_id: 'linked', budget_id: 'b3' });
    await post('/key/generate', { budget_id: 'b3' });
    const refused = await post('/budget/delete', { id: 'b3' });
    expect([refused.status, refused.body.error.param]).toEqual([400, 'id']);
    expect(refused.body.error.message).toContain('1 keys, 1 customers');
    expect((await post('/budget/delete', { id: 'b2' })).body.budget_id).toBe('b2');
    expect((await post('/budget/delete', { id: 'b2' })).status).toBe(404);
  });

  test('has to be there wherever it is named, and nothing is made or changed otherwise', async () => {
    await post('/team/new', { team_id: 'has-none' });
    await post('/tag/new', { name: 'has-none' });
    await post('/customer/new', { user_id: 'has-none' });
    const { body: organization } = await post('/organization/new', { organization_alias: 'has-none' });
    const { organization_id } = organization;
    const { key } = (await post('/key/generate', { team_id: 'has-none' })).body;
    for (const [request, body] of [
      ['POST /team/new', { team_id: 'x' }],
      ['POST /team/update', { team_id: 'has-none' }],
      ['PATCH /team/has-none', {}],
      ['POST /tag/new', { name: 'x' }],
      ['POST /tag/update', { name: 'has-none' }],
      ['POST /customer/new', { user_id: 'x' }],
      ['POST /customer/update', { user_id: 'has-none' }],
      ['POST /organization/new', { organization_alias: 'x' }],
      ['PATCH /organization/update', { organization_id }],
      [`PATCH /v2/organization/${organization_id}`, {}],
      ['POST /key/generate', { key_alias: 'x' }],
      ['POST /key/service-account/generate', { team_id: 'has-none' }],
      ['POST /key/update', { key }],
      ['POST /key/regenerate', { key }],
    ] as const) {
      const refused = await callGateway(gateway, request, { body: { ...body, budget_id: 'nowhere' } });
      expect([request, refused.status, refused.body.error.param]).toEqual([request, 400, 'budget_id']);
    }
    expect((await get('/team/info?team_id=x')).status).toBe(404);
    expect((await get('/customer/info?end_user_id=has-none')).body.budget_id).toBe(null);
  });

  test.each([
    [{ max_budget: -1 }, 'max_budget'],
    [{ budget_duration: 'soon' }, 'budget_duration'],
    [{ budget_id: ' ' }, 'budget_id'],
  ])('%j is refused by name', async (body, param) => {
    const { status, body: reply } = await post('/budget/new', body);
    expect([status, reply.error.param]).toEqual([400, param]);
  });

  test('is for administrators', async () => {
    const { body } = await post('/key/generate', {});
    for (const path of ['/budget/new', '/budget/info', '/budget/update', '/budget/delete']) {
      const asked = { budget_id: 'b1', id: 'b1', budgets: ['b1'] };
      expect((await post(path, asked, body.key)).status, path).toBe(401);
    }
  });
});
