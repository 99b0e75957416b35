import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const CONFIG = `
model_list:
  - model_name: good-model
    litellm_params: {model: openai/good, mock_response: good}
  - model_name: bad-model
    litellm_params: {model: openai/bad, mock_response: bad}
litellm_settings:
  max_budget: 1000
  max_internal_user_budget: 25
  internal_user_budget_duration: 30d
`;

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({ config: CONFIG });
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const get = (path: string, key?: string) => callGateway(gateway, `GET ${path}`, key === undefined ? {} : { key });
const messages = [{ role: 'user', content: 'Hi' }];

describe('a new user', () => {
  test('comes with a key that opens what the user may call', async () => {
    const { status, body } = await post('/user/new', {
      user_id: 'ada',
      user_email: 'Ada@Example.com',
      user_alias: 'Ada',
      user_role: 'internal_user',
      models: ['good-model'],
      max_budget: 5,
      key_alias: 'first-of-ada',
      duration: '1d',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      user_id: 'ada',
      user_email: 'ada@example.com',
      user_role: 'internal_user',
      max_budget: 5,
      models: ['good-model'],
      teams: [],
      spend: 0,
      key_alias: 'first-of-ada',
    });
    expect(body.key).toMatch(/^sk-/);
    expect(body.expires).not.toBeNull();
    expect((await post('/chat/completions', { model: 'good-model', messages }, body.key)).status).toBe(200);
    const info = await get('/user/info?user_id=ada');
    expect(info.body).toMatchObject({ user_id: 'ada', user_info: { user_alias: 'Ada' }, keys: [{ user_id: 'ada' }] });
    expect(JSON.stringify(info.body)).not.toContain(body.key);
  });

  test('comes without one when none is wanted, and gets the budget of the installation', async () => {
    const { body } = await post('/user/new', { auto_create_key: false });
    expect(body).toMatchObject({ key: '', token_id: null, max_budget: 25, budget_duration: '30d' });
    expect(body.user_id).toMatch(/^user_/);
    const viewer = await post('/user/new', { auto_create_key: false, user_role: 'proxy_admin_viewer' });
    expect(viewer.body.max_budget).toBeNull();
    const legacy = await post('/user/new', { auto_create_key: false, user_role: 'app_owner' });
    expect(legacy.body.user_role).toBe('app_owner');
  });

  test('is there once, by id and by address, and nothing is left of one that cannot be', async () => {
    await post('/user/new', { user_id: 'once', user_email: 'once@example.com' });
    const again = await post('/user/new', { user_id: 'once' });
    expect([again.status, again.body.error.param]).toEqual([409, 'user_id']);
    const address = await post('/user/new', { user_id: 'twice', user_email: 'ONCE@example.com' });
    expect([address.status, address.body.error.param]).toEqual([409, 'user_email']);
    const alias = await post('/user/new', { user_id: 'third', key_alias: 'first-of-ada' });
    expect([alias.status, alias.body.error.param]).toEqual([400, 'key_alias']);
    const team = await post('/user/new', { user_id: 'fourth', teams: ['no-such-team'] });
    expect([team.status, team.body.error.param]).toEqual([400, 'teams']);
    const mail = await post('/user/new', { user_id: 'fifth', send_invite_email: true });
    expect([mail.status, mail.body.error.param]).toEqual([400, 'send_invite_email']);
    for (const id of ['twice', 'third', 'fourth', 'fifth'])
      expect((await get(`/user/info?user_id=${id}`)).status, id).toBe(404);
  });

  test.each([
    [{ max_budget: -1 }, 'max_budget'],
    [{ user_email: 'no address' }, 'user_email'],
    [{ budget_duration: 'soon' }, 'budget_duration'],
    [{ duration: 'soon' }, 'duration'],
  ])('%j is refused by name', async (body, param) => {
    const { status, body: reply } = await post('/user/new', body);
    expect([status, reply.error.param]).toEqual([400, param]);
  });
});

describe('a user who is changed', () => {
  test('keeps what is absent, loses what is null, and is made when unknown', async () => {
    await post('/user/new', { user_id: 'grace', max_budget: 5, rpm_limit: 3, auto_create_key: false });
    const { body } = await post('/user/update', { user_id: 'grace', max_budget: null, tpm_limit: 0, spend: 1.5 });
    expect(body).toMatchObject({
      user_id: 'grace',
      data: { max_budget: null, rpm_limit: 3, tpm_limit: 0, spend: 1.5 },
    });
    const made = await post('/user/update', { user_id: 'made-by-update', user_alias: 'New' });
    expect([made.status, made.body.data.user_alias]).toEqual([200, 'New']);
    await post('/user/update', { user_id: 'grace', user_email: 'grace@example.com' });
    const byEmail = await post('/user/update', { user_email: 'grace@example.com', user_alias: 'Grace' });
    expect(byEmail.body).toMatchObject({ user_id: 'grace', data: { user_alias: 'Grace', tpm_limit: 0 } });
  });

  test('may be many at once, each by itself', async () => {
    const { body } = await post('/user/bulk_update', {
      users: [
        { user_id: 'grace', max_budget: 1 },
        { user_id: 'grace', max_budget: -1 },
        { user_email: 'no@where.example' },
      ],
    });
    expect(body).toMatchObject({ total_requested: 3, successful_updates: 1, failed_updates: 2 });
    expect(body.results.map(({ success }: { success: boolean }) => success)).toEqual([true, false, false]);
  });

  test('the whole proxy goes by a user’s name: its spend is set so', async () => {
    const { status, body } = await post('/user/update', { user_id: 'litellm-proxy-budget', spend: 0 });
    expect([status, body.user_id, body.data.spend]).toEqual([200, 'litellm-proxy-budget', 0]);
    await post('/user/update', { user_id: 'litellm-proxy-budget', spend: 1000 });
    const refused = await post('/chat/completions', { model: 'good-model', messages });
    expect([refused.status, refused.body.error.type]).toEqual([400, 'budget_exceeded']);
    await post('/user/update', { user_id: 'litellm-proxy-budget', spend: 0 });
    expect((await get('/user/info?user_id=litellm-proxy-budget')).body.user_info.spend).toBe(0);
  });
});

describe('what a user has spent', () => {
  test('is what was said when it was made, and nothing of an earlier one of the name', async () => {
    const { body } = await post('/user/new', { user_id: 'spender', spend: 2, auto_create_key: false });
    expect(body.spend).toBe(2);
    await post('/user/delete', { user_ids: ['spender'] });
    const made = await post('/user/update', { user_id: 'spender', user_alias: 'Again' });
    expect(made.body.data.spend).toBe(0);
    await post('/user/delete', { user_ids: ['spender'] });
    expect((await post('/user/update', { user_id: 'spender', spend: 0.5 })).body.data.spend).toBe(0.5);
  });
});

describe('people', () => {
  test('see and change themselves, and nothing that would give them more', async () => {
    const { body: me } = await post('/user/new', { user_id: 'me', user_role: 'internal_user' });
    expect((await get('/user/info', me.key)).body.user_id).toBe('me');
    const other = await get('/user/info?user_id=ada', me.key);
    expect(other.status).toBe(403);
    expect(other.body.error.message).toBe("key not allowed to access this user's info. user_id=ada, key's user_id=me");
    expect((await post('/user/update', { user_id: 'me', user_alias: 'Myself' }, me.key)).status).toBe(200);
    for (const more of [
      { user_role: 'proxy_admin' },
      { max_budget: 1000 },
      { models: [] },
      { rpm_limit: null },
      { spend: 0 },
      { blocked: false },
      { budget_mode: null },
    ]) {
      const refused = await post('/user/update', { user_id: 'me', ...more }, me.key);
      expect([refused.status, refused.body.error.param]).toEqual([403, Object.keys(more)[0]]);
    }
    expect((await post('/user/update', { user_id: 'ada', user_alias: 'x' }, me.key)).status).toBe(403);
    expect((await post('/user/new', { user_id: 'mine' }, me.key)).status).toBe(401);
    expect((await post('/user/delete', { user_ids: ['ada'] }, me.key)).status).toBe(401);
  });

  test('who administer cannot change their own rights either', async () => {
    const { body: admin } = await post('/user/new', { user_id: 'boss', user_role: 'proxy_admin' });
    const refused = await post('/user/update', { user_id: 'boss', user_role: 'internal_user' }, admin.key);
    expect([refused.status, refused.body.error.param]).toEqual([403, 'user_role']);
    expect((await post('/user/update', { user_id: 'ada', max_budget: 6 }, admin.key)).status).toBe(200);
    expect((await post('/user/delete', { user_ids: ['boss'] }, admin.key)).status).toBe(403);
    const all = await get('/user/info', admin.key);
    expect(all.body.user_info.user_id).toBe('boss');
    expect(all.body.keys.map(({ user_id: id }: { user_id: string }) => id)).toContain('ada');
  });

  test('list themselves; viewers list all', async () => {
    const { body: plain } = await post('/user/new', { user_id: 'plain', user_role: 'internal_user' });
    const own = await get('/user/list', plain.key);
    expect(own.body.users.map(({ user_id }: { user_id: string }) => user_id)).toEqual(['plain']);
    const { body: viewer } = await post('/user/new', { user_id: 'viewer', user_role: 'proxy_admin_viewer' });
    const all = await get('/user/list?page_size=100', viewer.key);
    expect(all.body.total).toBeGreaterThan(5);
    expect((await post('/user/update', { user_id: 'viewer', user_alias: 'x' }, viewer.key)).status).toBe(403);
  });
});

describe('the list of users', () => {
  test('filters, sorts and pages', async () => {
    const ids = async (query: string) =>
      (await get(`/user/list?${query}`)).body.users.map(({ user_id }: { user_id: string }) => user_id);
    expect(await ids('user_ids=ada,grace&sort_by=user_id&sort_order=asc')).toEqual(['ada', 'grace']);
    expect(await ids('user_email=ada@ex')).toEqual(['ada']);
    expect(await ids('role=proxy_admin')).toEqual(['boss']);
    const page = (await get('/user/list?page=2&page_size=2')).body;
    expect(page).toMatchObject({ page: 2, page_size: 2, total_pages: Math.ceil(page.total / 2) });
    expect((await get('/user/list?sort_by=colour')).body.error.param).toBe('sort_by');
    expect((await get('/user/list?page_size=101')).status).toBe(422);
    expect((await get('/user/filter/ui?user_email=ada')).body).toEqual([
      { user_id: 'ada', user_email: 'ada@example.com' },
    ]);
    expect(Object.keys((await get('/user/available_roles')).body)).toContain('proxy_admin');
  });
});

describe('a user who is deleted', () => {
  test('takes its keys along at once, and may come again with nothing spent', async () => {
    const { body: user } = await post('/user/new', { user_id: 'leaving' });
    await post('/user/update', { user_id: 'leaving', spend: 3 });
    expect((await post('/user/delete', { user_ids: ['leaving', 'unknown'] })).status).toBe(404);
    expect((await post('/chat/completions', { model: 'good-model', messages }, user.key)).status).toBe(200);
    expect((await post('/user/delete', { user_ids: ['leaving'] })).body).toBe(1);
    expect((await post('/chat/completions', { model: 'good-model', messages }, user.key)).status).toBe(401);
    expect((await get('/user/info?user_id=leaving')).status).toBe(404);
    const again = await post('/user/new', { user_id: 'leaving' });
    expect([again.status, again.body.spend]).toEqual([200, 0]);
  });
});
