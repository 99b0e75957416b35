// What a member of a team may call there, and what its budget there may be for a while.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const call = (request: string, body?: unknown, key?: string) =>
  callGateway(gateway, request, { ...(body === undefined ? {} : { body }), ...(key === undefined ? {} : { key }) });
const ok = async (request: string, body?: unknown, key?: string) => {
  const answer = await call(request, body, key);
  if (answer.status !== 200) throw new Error(`${request}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const newTeam = async (body: object = {}) =>
  (await ok('POST /team/new', { models: ['mock-gpt', 'gpt-4'], ...body })).team_id as string;
const add = (teamId: string, userId: string, rest: object = {}, role = 'user') =>
  ok('POST /team/member_add', { team_id: teamId, member: { role, user_id: userId }, ...rest });
const keyOf = async (userId: string, teamId?: string, rest: object = {}) =>
  (await ok('POST /key/generate', { user_id: userId, ...(teamId === undefined ? {} : { team_id: teamId }), ...rest }))
    .key as string;
const chat = (key: string, model: string) =>
  call('POST /chat/completions', { model, messages: [{ role: 'user', content: 'Hello!' }] }, key);
const membership = async (teamId: string, userId: string) =>
  (await ok(`GET /team/info?team_id=${teamId}`)).team_memberships.find(
    (place: { user_id: string }) => place.user_id === userId,
  );

describe('allowed_models', () => {
  test('are of the team’s models those that its member may call there, and nothing for others', async () => {
    const teamId = await newTeam();
    await ok('POST /user/new', { user_id: 'mm-two', user_email: 'mm-two@example.com', auto_create_key: false });
    const added = await ok('POST /team/member_add', {
      team_id: teamId,
      member: [
        { role: 'user', user_id: 'mm-zoe' },
        { role: 'user', user_email: 'MM-Two@example.com' },
      ],
      max_budget_in_team: 1,
      allowed_models: ['mock-gpt'],
    });
    expect(added.updated_users.map(({ user_id: id }: { user_id: string }) => id)).toEqual(['mm-zoe', 'mm-two']);
    const table = { max_budget: 1, allowed_models: ['mock-gpt'] };
    expect(added.updated_team_memberships).toMatchObject([
      { user_id: 'mm-zoe', litellm_budget_table: table },
      { user_id: 'mm-two', litellm_budget_table: table },
    ]);
    for (const userId of ['mm-zoe', 'mm-two']) {
      const key = await keyOf(userId, teamId);
      expect((await chat(key, 'mock-gpt')).status).toBe(200);
      expect(await chat(key, 'gpt-4')).toMatchObject({
        status: 403,
        body: {
          error: {
            type: 'team_model_access_denied',
            param: 'model',
            message:
              "team member not allowed to access model. This team member can only access models=['mock-gpt']. Tried to access gpt-4",
          },
        },
      });
      expect((await ok('GET /models', undefined, key)).data.map(({ id }: { id: string }) => id)).toEqual(['mock-gpt']);
      expect((await ok('POST /key/explain', { key, model: 'gpt-4' })).allowed).toBe(false);
      expect((await chat(await keyOf(userId), 'gpt-4')).status).toBe(200);
    }
    await add(teamId, 'mm-other');
    expect((await chat(await keyOf('mm-other', teamId), 'gpt-4')).status).toBe(200);
  });

  test('are changed by /team/member_update: absent keeps, an empty list opens all, null is what the team says', async () => {
    const teamId = await newTeam({ default_team_member_models: ['gpt-4'], team_member_budget: 25 });
    expect((await add(teamId, 'mm-ann')).default_team_member_models).toEqual(['gpt-4']);
    await ok('POST /user/new', { user_id: 'mm-joined', teams: [teamId], auto_create_key: false });
    const key = await keyOf('mm-ann', teamId);
    const may = async () => [(await chat(key, 'mock-gpt')).status, (await chat(key, 'gpt-4')).status];
    expect(await may()).toEqual([403, 200]);
    expect((await membership(teamId, 'mm-joined')).litellm_budget_table).toMatchObject({ allowed_models: ['gpt-4'] });
    const update = (body: object) => ok('POST /team/member_update', { team_id: teamId, user_id: 'mm-ann', ...body });
    expect(await update({ allowed_models: ['mock-gpt'] })).toMatchObject({
      allowed_models: ['mock-gpt'],
      max_budget_in_team: null,
    });
    expect(await may()).toEqual([200, 403]);
    await update({ max_budget_in_team: 12 });
    expect(await may()).toEqual([200, 403]);
    await update({ allowed_models: [] });
    expect(await may()).toEqual([200, 200]);
    expect((await membership(teamId, 'mm-ann')).litellm_budget_table).toMatchObject({
      max_budget: 12,
      allowed_models: [],
    });
    await update({ allowed_models: null });
    expect(await may()).toEqual([403, 200]);
  });

  test('go with what the member makes: a key of the whole team calls no more than its maker', async () => {
    const teamId = await newTeam({ team_member_permissions: ['/key/generate', '/key/service-account/generate'] });
    await add(teamId, 'mm-maker', { allowed_models: ['mock-gpt'] });
    const maker = await keyOf('mm-maker');
    const service = (body: object) =>
      call('POST /key/service-account/generate', { team_id: teamId, metadata: {}, ...body }, maker);
    expect((await service({ models: ['gpt-4'] })).body.error).toMatchObject({ code: '403', param: 'models' });
    expect((await service({ models: ['all-team-models'] })).status).toBe(403);
    const made = await service({});
    expect(made.body.models).toEqual(['mock-gpt']);
    expect((await chat(made.body.key, 'gpt-4')).status).toBe(403);
    const own = await ok('POST /key/generate', { team_id: teamId, models: ['all-team-models'] }, maker);
    expect((await chat(own.key, 'mock-gpt')).status).toBe(200);
    expect((await chat(own.key, 'gpt-4')).status).toBe(403);
  });

  test('are widened by nobody for itself, and not by who joins a team that is open to all', async () => {
    const teamId = await newTeam();
    await add(teamId, 'mm-lead', { allowed_models: ['mock-gpt'] }, 'admin');
    const lead = await keyOf('mm-lead');
    const update = (body: object) =>
      call('POST /team/member_update', { team_id: teamId, user_id: 'mm-lead', ...body }, lead);
    for (const allowed_models of [[], ['gpt-4'], null]) {
      expect(await update({ allowed_models })).toMatchObject({
        status: 403,
        body: { error: { param: 'allowed_models' } },
      });
    }
    const raise = { temp_budget_increase: 5, temp_budget_expiry: '2999-01-01' };
    expect(await update(raise)).toMatchObject({ status: 403, body: { error: { param: 'temp_budget_increase' } } });
    expect((await update({ allowed_models: ['mock-gpt'] })).status).toBe(200);

    const settings = 'default_internal_user_params: {available_teams: [open-team]}';
    const open = await startTestApp({ config: `model_list: []\nlitellm_settings:\n  ${settings}\n` });
    await callGateway(open, 'POST /team/new', { body: { team_id: 'open-team' } });
    const { key } = (await callGateway(open, 'POST /user/new', { body: { user_id: 'joiner' } })).body;
    for (const rest of [{ allowed_models: ['a'] }, { allowed_models: [] }, { max_budget_in_team: 9 }]) {
      const body = { team_id: 'open-team', member: { role: 'user', user_id: 'joiner' }, ...rest };
      const answer = await callGateway(open, 'POST /team/member_add', { body, key });
      expect(answer).toMatchObject({
        status: 403,
        body: { error: { message: expect.stringContaining('admin-only') } },
      });
    }
    await open.close();
  });

  test('hold a name that cannot be one', async () => {
    const teamId = await newTeam();
    const body = { team_id: teamId, member: { role: 'user', user_id: 'mm-x' } };
    expect(await call('POST /team/member_add', { ...body, allowed_models: ['a\u0000'] })).toMatchObject({
      status: 400,
      body: { error: { param: 'allowed_models' } },
    });
    expect((await call('POST /team/member_add', { ...body, allowed_models: 'gpt-4' })).status).toBe(422);
    expect(await call('POST /team/new', { default_team_member_models: ['a\u0000'] })).toMatchObject({
      status: 400,
      body: { error: { param: 'default_team_member_models' } },
    });
  });
});

describe('temp_budget_increase of a member', () => {
  test('lets it call again until it ends, and is shown', async () => {
    const teamId = await newTeam();
    await add(teamId, 'mm-broke', { max_budget_in_team: 1e-9 });
    const key = await keyOf('mm-broke', teamId);
    expect((await chat(key, 'mock-gpt')).status).toBe(200);
    expect((await chat(key, 'mock-gpt')).body.error.type).toBe('budget_exceeded');
    const update = (body: object) =>
      call('POST /team/member_update', { team_id: teamId, user_id: 'mm-broke', ...body });
    const raise = { temp_budget_increase: 1, temp_budget_expiry: '2999-01-01T00:00:00Z' };
    expect(await update(raise)).toMatchObject({ status: 200, body: { ...raise, max_budget_in_team: null } });
    expect((await membership(teamId, 'mm-broke')).litellm_budget_table).toMatchObject({ ...raise, max_budget: 1e-9 });
    expect((await chat(key, 'mock-gpt')).status).toBe(200);
    await update({ temp_budget_increase: null, temp_budget_expiry: null });
    expect((await chat(key, 'mock-gpt')).body.error.type).toBe('budget_exceeded');
  });

  test.each([
    [{ temp_budget_increase: 1 }, 422],
    [{ temp_budget_increase: 1, temp_budget_expiry: 'soon' }, 400],
    [{ temp_budget_increase: -1, temp_budget_expiry: '2999-01-01' }, 400],
  ])('refuses %j: %d', async (body, status) => {
    const teamId = await newTeam();
    await add(teamId, 'mm-y');
    const answer = await call('POST /team/member_update', { team_id: teamId, user_id: 'mm-y', ...body });
    expect(answer.status).toBe(status);
  });
});

describe('GET /team/{id}/members/me', () => {
  test('is the caller’s own place, and nobody else’s', async () => {
    const teamId = await newTeam({ team_alias: 'mine' });
    await add(teamId, 'mm-me', { max_budget_in_team: 3, budget_duration: '30d', rpm_limit: 7 });
    await add(teamId, 'mm-bare', {}, 'admin');
    const me = (key: string, id = teamId) => call(`GET /team/${id}/members/me`, undefined, key);
    expect((await me(await keyOf('mm-me'))).body).toMatchObject({
      user_id: 'mm-me',
      team_id: teamId,
      team_alias: 'mine',
      role: 'user',
      spend: 0,
      litellm_budget_table: {
        max_budget: 3,
        budget_duration: '30d',
        rpm_limit: 7,
        budget_reset_at: expect.any(String),
        allowed_models: [],
      },
    });
    expect((await me(await keyOf('mm-bare', teamId))).body).toMatchObject({
      role: 'admin',
      litellm_budget_table: null,
    });
    const teamKey = (await ok('POST /key/generate', { team_id: teamId })).key;
    expect((await me(teamKey)).status).toBe(400);
    const stranger = await keyOf('mm-stranger');
    for (const id of [teamId, 'no-such-team']) expect((await me(stranger, id)).status).toBe(404);
    const foreign = await ok('POST /team/new', {});
    await ok('POST /team/member_delete', { team_id: foreign.team_id, user_id: 'default_user_id' });
    expect((await call(`GET /team/${foreign.team_id}/members/me`)).status).toBe(404);
  });
});
