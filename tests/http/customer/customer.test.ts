import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const get = (path: string) => callGateway(gateway, `GET ${path}`);

describe.each(['/customer', '/end_user'])('%s', (prefix) => {
  const id = (name: string) => `${name} of ${prefix.slice(1)}`;

  test('a customer comes back as it was given, its limits as a budget row', async () => {
    const { status, body } = await post(`${prefix}/new`, {
      user_id: id('ada'),
      alias: 'Ada',
      max_budget: 2,
      tpm_limit: 100,
      allowed_model_region: 'eu',
      default_model: 'gpt-4',
    });
    expect(status).toBe(200);
    const row = {
      user_id: id('ada'),
      alias: 'Ada',
      blocked: false,
      spend: 0,
      allowed_model_region: 'eu',
      default_model: 'gpt-4',
      litellm_budget_table: { max_budget: 2, tpm_limit: 100 },
    };
    expect(body).toMatchObject(row);
    expect((await get(`${prefix}/info?end_user_id=${encodeURIComponent(id('ada'))}`)).body).toMatchObject(row);
    const list = await get(`${prefix}/list`);
    expect(list.body).toContainEqual(expect.objectContaining({ user_id: id('ada') }));
    expect(Number(list.headers['x-total-count'])).toBe(list.body.length);
  });

  test('a linked budget row gives the limits', async () => {
    const { body: budget } = await post('/budget/new', { max_budget: 7 });
    const { body } = await post(`${prefix}/new`, { user_id: id('grace'), budget_id: budget.budget_id });
    expect(body.litellm_budget_table).toMatchObject({ budget_id: budget.budget_id, max_budget: 7 });
    const missing = await post(`${prefix}/new`, { user_id: id('nobody'), budget_id: 'nowhere' });
    expect([missing.status, missing.body.error.param]).toEqual([400, 'budget_id']);
    const both = await post(`${prefix}/new`, { user_id: id('both'), budget_id: budget.budget_id, max_budget: 1 });
    expect(both.status).toBe(422);
  });

  test('another budget row takes the place of limits of its own', async () => {
    const budget = async (max_budget: number) => (await post('/budget/new', { max_budget })).body.budget_id as string;
    const [first, second] = [await budget(7), await budget(8)];
    await post(`${prefix}/new`, { user_id: id('moving'), max_budget: 1, tpm_limit: 5 });
    const linked = await post(`${prefix}/update`, { user_id: id('moving'), budget_id: first });
    expect(linked.body.litellm_budget_table).toMatchObject({ budget_id: first, max_budget: 7, tpm_limit: null });
    const both = await post(`${prefix}/update`, { user_id: id('moving'), budget_id: second, max_budget: 2 });
    expect([both.status, both.body.litellm_budget_table]).toMatchObject([200, { budget_id: second, max_budget: 2 }]);
    const same = await post(`${prefix}/update`, { user_id: id('moving'), budget_id: second, alias: 'Same' });
    expect(same.body).toMatchObject({
      alias: 'Same',
      object_permission: null,
      litellm_budget_table: { max_budget: 2 },
    });
  });

  test('a name is there once, and known models are the only defaults', async () => {
    await post(`${prefix}/new`, { user_id: id('twice') });
    const again = await post(`${prefix}/new`, { user_id: id('twice') });
    const shown = await get(`${prefix}/info?end_user_id=${encodeURIComponent(id('twice'))}`);
    expect(shown.body.litellm_budget_table).toBeNull();
    expect(again.status).toBe(400);
    expect(again.body.error).toMatchObject({
      type: 'bad_request',
      param: 'user_id',
      message: `Customer already exists, passed user_id=${id('twice')}. Please pass a new user_id.`,
    });
    const unknown = await post(`${prefix}/new`, { user_id: id('other'), default_model: 'no-such-model' });
    expect([unknown.status, unknown.body.error.type]).toEqual([422, 'internal_error']);
  });

  test('absent keeps, null clears, spend is set', async () => {
    await post(`${prefix}/new`, { user_id: id('changing'), max_budget: 2, alias: 'x' });
    const { body } = await post(`${prefix}/update`, { user_id: id('changing'), max_budget: null, spend: 1.25 });
    expect(body).toMatchObject({ alias: 'x', max_budget: null, spend: 1.25 });
    const { body: log } = await callGateway(gateway, `GET /audit?object_id=${encodeURIComponent(id('changing'))}`);
    expect(log.audit_logs[0]).toMatchObject({ before_value: { spend: 0 }, updated_values: { spend: 1.25 } });
    expect((await post(`${prefix}/update`, { user_id: id('nobody'), alias: 'x' })).status).toBe(404);
  });

  test('who is not there is said to be not there in LiteLLM’s words', async () => {
    const gone = { type: 'not_found', code: '404' };
    const info = await get(`${prefix}/info?end_user_id=nobody`);
    const message = 'End User Id=nobody does not exist in db';
    expect([info.status, info.body.error]).toEqual([404, { ...gone, param: 'end_user_id', message }]);
    const update = await post(`${prefix}/update`, { user_id: 'nobody' });
    expect(update.body.error).toEqual({ ...gone, param: 'user_id', message });
    const several = await post(`${prefix}/delete`, { user_ids: ['nobody', 'neither'] });
    expect(several.body.error).toMatchObject({ ...gone, param: 'user_ids' });
    expect(several.body.error.message).toBe('End User Id(s)=nobody, neither do not exist in db');
  });

  test('customers are blocked, also in advance, and unblocked, all or none', async () => {
    await post(`${prefix}/new`, { user_id: id('known') });
    const { body } = await post(`${prefix}/block`, { user_ids: [id('known'), id('not yet seen')] });
    expect(body.blocked_users.map(({ blocked }: { blocked: boolean }) => blocked)).toEqual([true, true]);
    const partly = await post(`${prefix}/unblock`, { user_ids: [id('known'), id('never seen')] });
    expect(partly.status).toBe(404);
    expect((await get(`${prefix}/info?end_user_id=${encodeURIComponent(id('known'))}`)).body.blocked).toBe(true);
    expect((await post(`${prefix}/unblock`, { user_ids: [id('known')] })).body.blocked_users[0].blocked).toBe(false);
  });

  test('customers are deleted, all or none, and may come again with nothing spent', async () => {
    await post(`${prefix}/new`, { user_id: id('leaving') });
    await post(`${prefix}/update`, { user_id: id('leaving'), spend: 5 });
    expect((await post(`${prefix}/delete`, { user_ids: [id('leaving'), id('unknown')] })).status).toBe(404);
    const { body } = await post(`${prefix}/delete`, { user_ids: [id('leaving')] });
    expect(body).toEqual({
      deleted_customers: 1,
      message: `Successfully deleted customers with ids: ['${id('leaving')}']`,
    });
    expect((await get(`${prefix}/info?end_user_id=${encodeURIComponent(id('leaving'))}`)).status).toBe(404);
    expect((await post(`${prefix}/new`, { user_id: id('leaving') })).body.spend).toBe(0);
  });

  test('is for administrators', async () => {
    const { body } = await post('/key/generate', {});
    for (const act of ['new', 'update', 'delete', 'block', 'unblock']) {
      const asked = { user_id: id('x'), user_ids: [id('x')] };
      expect((await post(`${prefix}/${act}`, asked, body.key)).status, act).toBe(401);
    }
  });
});
