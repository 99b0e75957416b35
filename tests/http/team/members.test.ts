// LiteLLM's test_team_members, and what its member routes promise beyond it.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
let teamId: string;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const call = (request: string, body?: unknown, key?: string) =>
  callGateway(gateway, request, { ...(body === undefined ? {} : { body }), ...(key === undefined ? {} : { key }) });
const members = async (): Promise<string[]> => {
  const { body } = await call(`GET /team/info?team_id=${teamId}`);
  return body.team_info.members_with_roles.map((member: { user_id: string }) => member.user_id);
};
const add = (userId: string, rest: object = {}) =>
  call('POST /team/member_add', { team_id: teamId, member: [{ role: 'user', user_id: userId }], ...rest });
const remove = (userId: string) => call('POST /team/member_delete', { team_id: teamId, user_id: userId });

describe('as LiteLLM tests it', () => {
  beforeAll(async () => {
    teamId = `test_team_${randomUUID().slice(0, 8)}`;
    const made = await call('POST /team/new', { team_id: teamId, team_alias: 'Test Team', models: ['o3-mini'] });
    expect(made.status).toBe(200);
  });

  test('a team is there as it was made', async () => {
    const { body } = await call(`GET /team/info?team_id=${teamId}`);
    expect(body).toMatchObject({ team_id: teamId, team_info: { team_alias: 'Test Team', models: ['o3-mini'] } });
    expect(body.team_info.members_with_roles[0]).toMatchObject({ user_id: expect.any(String), role: 'admin' });
  });

  test('members are added one by one, and each only once', async () => {
    const before = (await members()).length;
    for (let index = 1; index <= 10; index += 1) {
      const email = `pytest_user_${randomUUID()}@mycompany.com`;
      expect((await add(email)).status).toBe(200);
      expect(await members()).toHaveLength(before + index);
      expect(await add(email)).toMatchObject({
        status: 400,
        body: { error: { type: 'team_member_already_in_team', param: 'member' } },
      });
      expect((await members()).filter((id) => id === email)).toHaveLength(1);
    }
  });

  test('a member is taken out once, and then is none', async () => {
    const userId = `pytest_user_${randomUUID()}`;
    await add(userId);
    const before = (await members()).length;
    const statuses = [];
    for (let attempt = 0; attempt < 5; attempt += 1) statuses.push((await remove(userId)).status);
    expect(statuses).toEqual([200, 400, 400, 400, 400]);
    expect(await members()).toHaveLength(before - 1);
    expect((await remove('nonexistent')).body).toMatchObject({
      detail: { error: expect.stringMatching(/^User not found in team\. /) },
    });
  });

  test('a team that does not exist is a 404', async () => {
    expect((await call('GET /team/info?team_id=invalid-team-id')).status).toBe(404);
    const body = { team_id: 'invalid-team-id', member: { role: 'user', user_id: 'x' } };
    expect(await call('POST /team/member_add', body)).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining("doesn't exist") } },
    });
  });
});

describe('members', () => {
  beforeAll(async () => {
    teamId = (await call('POST /team/new', { team_member_budget: 2, team_member_budget_duration: '1d' })).body.team_id;
  });

  test('are answered with the team, the users and their budgets', async () => {
    const { body } = await add('u-answered', { max_budget_in_team: '1.5' });
    expect(body).toMatchObject({
      team_id: teamId,
      updated_users: [{ user_id: 'u-answered', user_role: 'internal_user', user_email: null }],
      updated_team_memberships: [
        {
          user_id: 'u-answered',
          team_id: teamId,
          role: 'user',
          spend: 0,
          litellm_budget_table: { max_budget: 1.5, budget_reset_at: null },
        },
      ],
    });
    const plain = await add('u-default');
    expect(plain.body.updated_team_memberships).toMatchObject([
      { litellm_budget_table: { max_budget: 2, budget_duration: '1d', budget_reset_at: expect.any(String) } },
    ]);
    expect(plain.body.team_member_budget_table).toMatchObject({ max_budget: 2 });
  });

  test('who become users get the installation’s limits for new ones, and never more than a plain user’s rights', async () => {
    const settings =
      'default_internal_user_params: {user_role: proxy_admin, rpm_limit: 7}\n  max_internal_user_budget: 3';
    const configured = await startTestApp({ config: `model_list: []\nlitellm_settings:\n  ${settings}\n` });
    const member = { role: 'user', user_id: 'u-with-defaults' };
    await callGateway(configured, 'POST /team/new', { body: { members_with_roles: [member] } });
    const { body } = await callGateway(configured, 'GET /user/info?user_id=u-with-defaults');
    expect(body.user_info).toMatchObject({ user_role: 'internal_user', rpm_limit: 7, max_budget: 3 });
    await configured.close();
  });

  test('added in bulk get a result each', async () => {
    await add('u-there');
    const { body } = await call('POST /team/bulk_member_add', {
      team_id: teamId,
      members: [
        { role: 'user', user_id: 'u-bulk' },
        { role: 'user', user_id: 'u-there' },
      ],
    });
    expect(body).toMatchObject({
      total_requested: 2,
      successful_additions: 1,
      failed_additions: 1,
      results: [
        { user_id: 'u-bulk', success: true, error: null, updated_user: { user_id: 'u-bulk' } },
        { user_id: 'u-there', success: false, error: expect.stringContaining('already in team'), updated_user: null },
      ],
      updated_team: { team_id: teamId },
    });
  });

  test('leave with their keys of the team and no others', async () => {
    await add('u-leaves');
    const make = async (body: object) => (await call('POST /key/generate', { user_id: 'u-leaves', ...body })).body.key;
    const [inTeam, outside] = [await make({ team_id: teamId }), await make({})];
    await remove('u-leaves');
    const ask = async (key: string) => (await call('GET /key/info', undefined, key)).status;
    expect([await ask(inTeam), await ask(outside)]).toEqual([401, 200]);
  });

  test.each([
    [{}, 422, 'member'],
    [{ member: { role: 'boss', user_id: 'x' } }, 422],
    [{ member: { role: 'user' } }, 400, 'user_id'],
    [{ member: { role: 'user', user_email: 'nobody' } }, 400, 'user_email'],
    [{ member: [] }, 400, 'member'],
    [{ member: { role: 'user', user_id: 'y' }, max_budget_in_team: -1 }, 400, 'max_budget_in_team'],
  ])('%j is refused: %d', async (body, status, param?: string) => {
    const before = await members();
    const answer = await call('POST /team/member_add', { team_id: teamId, ...body });
    expect(answer.status).toBe(status);
    if (param !== undefined) expect(answer.body.error.param).toBe(param);
    expect(await members()).toEqual(before);
  });

  test('may join by themselves where the configuration opens a team to all', async () => {
    const settings = 'default_internal_user_params: {available_teams: [open-team]}';
    const open = await startTestApp({ config: `model_list: []\nlitellm_settings:\n  ${settings}\n` });
    const post = (path: string, body: object, key?: string) =>
      callGateway(open, `POST ${path}`, { body, ...(key === undefined ? {} : { key }) });
    await post('/team/new', { team_id: 'open-team', team_alias: 'Open' });
    const { key } = (await post('/user/new', { user_id: 'joiner' })).body;
    const available = () => callGateway(open, 'GET /team/available', { key });
    expect((await available()).body).toMatchObject([{ team_id: 'open-team', team_alias: 'Open', members_count: 1 }]);
    const joining = (member: object) => post('/team/member_add', { team_id: 'open-team', member }, key);
    expect((await joining({ role: 'admin', user_id: 'joiner' })).status).toBe(403);
    expect((await joining({ role: 'user', user_id: 'joiner' })).status).toBe(200);
    expect((await available()).body).toEqual([]);
    await open.close();
  });
});

test('default_team_params and default_team_settings of the configuration are what a new team has', async () => {
  const config = [
    'model_list: []',
    'litellm_settings:',
    '  default_team_params: {max_budget: 5, budget_duration: 30d, tpm_limit: 9, team_member_budget: 1}',
    '  default_team_settings:',
    '    - {team_id: team-1, success_callback: [langfuse], langfuse_public_key: pk, langfuse_secret: sk-lf-0123456789abcdef}',
  ].join('\n');
  const configured = await startTestApp({ config });
  const { body } = await callGateway(configured, 'POST /team/new', { body: { team_id: 'team-1', tpm_limit: 3 } });
  expect(body).toMatchObject({ max_budget: 5, budget_duration: '30d', tpm_limit: 3, team_member_budget: 1 });
  expect((await callGateway(configured, 'GET /team/team-1/callback')).body.data).toEqual({
    team_id: 'team-1',
    success_callbacks: ['langfuse'],
    failure_callbacks: [],
    callback_vars: { langfuse_public_key: 'pk', langfuse_secret: '****cdef' },
  });
  await configured.close();
});

test('an administrator who makes a team is left out of it with disable_auto_add_proxy_admin_to_teams', async () => {
  const settings = 'general_settings: {disable_auto_add_proxy_admin_to_teams: true}';
  const configured = await startTestApp({ config: `model_list: []\n${settings}\n` });
  const member = { role: 'user', user_id: 'named' };
  const { body } = await callGateway(configured, 'POST /team/new', { body: { members_with_roles: [member] } });
  expect(body.members_with_roles).toMatchObject([{ role: 'user', user_id: 'named' }]);
  await configured.close();
});

test('a budget_duration of null is not filled from default_team_params', async () => {
  const config = 'model_list: []\nlitellm_settings:\n  default_team_params: {max_budget: 5, budget_duration: 30d}\n';
  const configured = await startTestApp({ config });
  const make = async (body: object) => (await callGateway(configured, 'POST /team/new', { body })).body;
  expect(await make({ budget_duration: null })).toMatchObject({
    max_budget: 5,
    budget_duration: null,
    budget_reset_at: null,
  });
  expect(await make({})).toMatchObject({ budget_duration: '30d', budget_reset_at: expect.any(String) });
  await configured.close();
});

test('the first budget of the members begins anew with the team’s, unless another length is said', async () => {
  const durations = async (body: object) => {
    const { team_id: id, team_member_budget_duration: made } = (await call('POST /team/new', body)).body;
    const change = { team_id: id, team_member_budget: 3 };
    return [made, (await call('POST /team/update', change)).body.data.team_member_budget_duration];
  };
  const team = { budget_duration: '30d' };
  expect(await durations({ ...team, team_member_budget: 2 })).toEqual(['30d', '30d']);
  expect(await durations({ ...team, team_member_budget: 2, team_member_budget_duration: null })).toEqual([null, null]);
  expect(await durations({ ...team, team_member_budget: 2, team_member_budget_duration: '1d' })).toEqual(['1d', '1d']);
  expect(await durations(team)).toEqual([null, '30d']);
  expect(await durations({ ...team, team_member_rpm_limit: 2 })).toEqual([null, null]);
  for (const bad of ['0s', '-5m']) {
    expect(await call('POST /team/new', { team_member_budget_duration: bad })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('Invalid team_member_budget_duration') } },
    });
  }
});

test('who may not manage the members is told so in `detail` as well', async () => {
  const { team_id: id } = (await call('POST /team/new', {})).body;
  const { key } = (await call('POST /user/new', { user_id: 'plain-caller', user_role: 'internal_user' })).body;
  for (const [verb, rest] of [
    ['member_add', { member: { role: 'user', user_id: 'x' } }],
    ['member_delete', { user_id: 'x' }],
  ] as const) {
    expect(await call(`POST /team/${verb}`, { team_id: id, ...rest }, key)).toMatchObject({
      status: 403,
      body: { detail: { error: expect.stringContaining('User not proxy admin OR team admin') } },
    });
  }
});
