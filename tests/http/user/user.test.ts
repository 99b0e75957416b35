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
        { user_id: 'grace', budget_limits: ['x'] },
        { user_email: 'somebody@new.example' },
      ],
    });
    expect(body).toMatchObject({ total_requested: 4, successful_updates: 2, failed_updates: 2 });
    expect(body.results.map(({ success }: { success: boolean }) => success)).toEqual([true, false, false, true]);
    expect((await post('/user/bulk_update', { users: [] })).body.error.param).toBe('users');
  });

  test('may be everybody at once, by an administrator', async () => {
    const { body } = await post('/user/bulk_update', { all_users: true, user_updates: { metadata: { wave: 1 } } });
    expect(body.failed_updates).toBe(0);
    expect(body.successful_updates).toBe((await get('/user/list')).body.total);
    expect((await get('/user/info?user_id=grace')).body.user_info.metadata).toEqual({ wave: 1 });
    const { body: plain } = await post('/user/new', {});
    const attempt = { all_users: true, user_updates: { metadata: {} } };
    expect((await post('/user/bulk_update', attempt, plain.key)).status).toBe(401);
    for (const updates of [undefined, { user_id: 'grace' }, { user_email: 'a@b.example' }]) {
      const refused = await post('/user/bulk_update', { all_users: true, user_updates: updates });
      expect([refused.status, refused.body.error.param]).toEqual([400, 'user_updates']);
    }
    const both = { all_users: true, user_updates: { metadata: {} }, users: [{ user_id: 'grace' }] };
    const refused = await post('/user/bulk_update', both);
    expect([refused.status, refused.body.error.param]).toEqual([422, 'users']);
  });

  test('is made under an address that nobody has', async () => {
    const made = await post('/user/update', { user_email: 'Fresh@New.example', user_alias: 'Fresh' });
    expect(made.status).toBe(200);
    expect(made.body.data).toMatchObject({ user_email: 'fresh@new.example', user_alias: 'Fresh' });
    const again = await post('/user/update', { user_email: 'fresh@new.example', user_alias: 'Same' });
    expect(again.body).toMatchObject({ user_id: made.body.user_id, data: { user_alias: 'Same' } });
    expect((await post('/user/update', { user_email: 'nonsense' })).status).toBe(400);
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

  test('list nobody, and find themselves; viewers list all', async () => {
    const { body: plain } = await post('/user/new', { user_id: 'plain', user_role: 'internal_user' });
    expect((await get('/user/list', plain.key)).status).toBe(403);
    expect((await get('/user/filter/ui', plain.key)).body).toEqual([{ user_id: 'plain', user_email: null }]);
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
    await post('/user/update', { user_id: 'ada', spend: 2 });
    await post('/user/update', { user_id: 'grace', spend: 3 });
    expect(await ids('user_ids=ada,grace,boss&sort_by=spend&sort_order=DESC')).toEqual(['grace', 'ada', 'boss']);
    expect(await ids('user_ids=ada,grace,boss&sort_by=spend')).toEqual(['boss', 'ada', 'grace']);
    await post('/user/update', { user_id: 'ada', blocked: true });
    expect(await ids('user_ids=ada,grace&sort_by=status&sort_order=desc')).toEqual(['ada', 'grace']);
    expect((await get('/user/list?sort_by=colour')).body.error.param).toBe('sort_by');
    expect((await get('/user/list?sso_user_ids=x')).body.error.param).toBe('sso_user_ids');
    expect((await get('/user/list?page_size=101')).status).toBe(422);
    expect((await get('/user/filter/ui?user_email=ada@ex')).body).toEqual([
      { user_id: 'ada', user_email: 'ada@example.com' },
    ]);
    expect(Object.keys((await get('/user/available_roles')).body)).toContain('proxy_admin');
  });
});

describe('an admin of an organisation', () => {
  let admin: string;
  const make = (body: object) => post('/user/new', { organizations: ['acme'], ...body }, admin);
  beforeAll(async () => {
    const organization = { organization_id: 'acme', organization_alias: 'Acme', models: ['good-model'] };
    await post('/organization/new', organization);
    await post('/organization/new', { organization_id: 'globex', organization_alias: 'Globex' });
    await post('/user/new', {
      user_id: 'org-boss',
      max_budget: 10,
      budget_duration: '30d',
      rpm_limit: 20,
      models: ['good-model'],
      auto_create_key: false,
    });
    await post('/organization/member_add', {
      organization_id: 'acme',
      member: { role: 'org_admin', user_id: 'org-boss' },
    });
    admin = (await post('/key/generate', { user_id: 'org-boss', tpm_limit: 500 })).body.key;
  });

  test('makes people, with a key, who may use up no more than it', async () => {
    const { status, body } = await make({ user_id: 'worker' });
    expect([status, body]).toMatchObject([
      200,
      {
        user_role: 'internal_user',
        max_budget: 10,
        budget_duration: '30d',
        rpm_limit: 20,
        tpm_limit: 500,
        models: ['good-model'],
      },
    ]);
    const { info } = (await get(`/key/info?key=${body.token}`)).body;
    expect(info).toMatchObject({ user_id: 'worker', organization_id: 'acme', tpm_limit: 500, models: ['good-model'] });
    expect((await make({ user_id: 'modest', max_budget: 1, rpm_limit: 2 })).body).toMatchObject({
      max_budget: 1,
      rpm_limit: 2,
      tpm_limit: 500,
    });
  });

  test.each([
    [{ max_budget: 11, budget_duration: '30d' }, 'max_budget'],
    [{ max_budget: 10, budget_duration: '1d' }, 'max_budget'],
    [{ rpm_limit: 21 }, 'rpm_limit'],
    [{ tpm_limit: 501 }, 'tpm_limit'],
    [{ models: ['other-model'] }, 'models'],
    [{ permissions: { get_spend_routes: true } }, 'permissions'],
    [
      { max_budget: 1, metadata: { temp_budget_increase: 5, temp_budget_expiry: '2100-01-01' } },
      'temp_budget_increase',
    ],
  ])('makes nobody with %j', async (more, param) => {
    const refused = await make({ user_id: 'greedy', ...more });
    expect([refused.status, refused.body.error.param]).toEqual([403, param]);
    expect((await get('/user/info?user_id=greedy')).status).toBe(404);
  });

  test('makes nobody with a role above its people, and nobody elsewhere', async () => {
    for (const more of [{ user_role: 'org_admin' }, { organizations: ['globex'] }]) {
      expect((await make({ user_id: 'greedy', ...more })).status).toBe(401);
    }
    for (const user_role of ['proxy_admin', 'proxy_admin_viewer']) {
      const refused = await make({ user_id: 'greedy', user_role });
      expect([refused.status, refused.body.error.param]).toEqual([403, 'user_role']);
    }
    expect((await make({ user_id: 'greedy', organizations: ['acme', 'nowhere'] })).status).toBe(401);
  });

  test('sees its people, and of theirs what belongs to it', async () => {
    await post('/team/new', { team_id: 'acme-team', organization_id: 'acme' });
    await post('/team/new', { team_id: 'foreign-team' });
    for (const team_id of ['acme-team', 'foreign-team']) {
      await post('/team/member_add', { team_id, member: { role: 'user', user_id: 'worker' } });
    }
    await post('/key/generate', { user_id: 'worker', key_alias: 'private-key' });
    const { status, body } = await get('/user/info?user_id=worker', admin);
    expect([status, body.user_info.user_id, body.user_info.teams]).toEqual([200, 'worker', ['acme-team']]);
    expect(body.teams.map(({ team_id }: { team_id: string }) => team_id)).toEqual(['acme-team']);
    expect(body.keys).toMatchObject([{ organization_id: 'acme' }]);
    expect((await get('/user/info?user_id=ada', admin)).status).toBe(403);
    expect((await get('/user/info?user_id=nobody', admin)).status).toBe(403);
    const list = (await get('/user/list?organization_ids=acme,globex&sort_by=user_id&sort_order=asc', admin)).body;
    expect(list.users.map(({ user_id }: { user_id: string }) => user_id)).toEqual(['modest', 'org-boss', 'worker']);
    expect(JSON.stringify(list)).not.toContain('foreign-team');
    expect((await get('/user/list?organization_ids=globex')).body.users).toEqual([]);
    expect((await get('/user/list?team=acme-team', admin)).body.users).toMatchObject([{ user_id: 'worker' }]);
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
