// LiteLLM's own black-box scenarios for teams (test_team, test_team_alias), and what its API promises beyond them.
import { randomUUID } from 'node:crypto';
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
const newTeam = (body: object = {}) => ok('POST /team/new', { team_alias: 'my-new-team', ...body });
const newUser = (body: object = {}) => ok('POST /user/new', { user_id: randomUUID(), models: [], ...body });
const newKey = (body: object = {}) => ok('POST /key/generate', { duration: null, ...body });
const info = (teamId: string, key?: string) =>
  call(`GET /team/info?team_id=${encodeURIComponent(teamId)}`, undefined, key);
const chat = (key: string, model: string) =>
  call('POST /chat/completions', { model, messages: [{ role: 'user', content: 'Hello!' }] }, key);

describe('as LiteLLM tests it', () => {
  test('ten teams at once with the same member', async () => {
    const userId = randomUUID();
    const teams = await Promise.all(
      Array.from({ length: 10 }, () => newTeam({ members_with_roles: [{ role: 'user', user_id: userId }] })),
    );
    expect(new Set(teams.map((team) => team.team_id)).size).toBe(10);
  });

  test('/team/info is for the admin and for a key of the team, and for no other key', async () => {
    const { team_id: teamId } = await newTeam();
    expect((await info(teamId)).status).toBe(200);
    expect((await info(teamId, (await newKey({ team_id: teamId })).key)).status).toBe(200);
    expect((await info(teamId, (await newKey()).key)).status).toBe(403);
  });

  test('an update of the alias leaves the rest of a team as it was made, members that were added included', async () => {
    const { user_id: adminUser } = await newUser();
    const made = await newTeam({ members_with_roles: [{ role: 'admin', user_id: adminUser }] });
    const member = Array.from({ length: 10 }, () => ({ role: 'user', user_id: `krrish_${randomUUID()}@berri.ai` }));
    await ok('POST /team/member_add', { team_id: made.team_id, member });
    expect((await info(made.team_id)).body.team_info.members_with_roles).toHaveLength(12);
    const { data } = await ok('POST /team/update', { team_id: made.team_id, team_alias: 'my-new-team' });
    const { members_with_roles: now, updated_at: _, ...rest } = data;
    const { members_with_roles: then, updated_at: __, ...before } = made;
    expect(rest).toEqual(before);
    expect([now.length, then.length]).toEqual([12, 2]);
  });

  test('a member that is added by address is in the team as its user sees it', async () => {
    const made = await newTeam();
    const email = `Krrish${randomUUID()}@berri.ai`;
    const user = await newUser({ user_email: email });
    await ok('POST /team/member_add', { team_id: made.team_id, member: [{ role: 'user', user_email: email }] });
    const seen = await ok(`GET /user/info?user_id=${user.user_id}`);
    expect(seen.teams.map((team: { team_id: string }) => team.team_id)).toContain(made.team_id);
  });

  test('a team that is deleted is gone for its key, its members and whoever asks', async () => {
    const { user_id: adminUser } = await newUser();
    const { user_id: normalUser } = await newUser();
    const { team_id: teamId } = await newTeam({
      members_with_roles: [
        { role: 'admin', user_id: adminUser },
        { role: 'user', user_id: normalUser },
      ],
    });
    expect((await ok(`GET /user/info?user_id=${normalUser}`)).teams).toHaveLength(1);
    const { key } = await newKey({ team_id: teamId });
    expect((await chat(key, 'gpt-4')).status).toBe(200);
    expect(await ok('POST /team/delete', { team_ids: [teamId] })).toEqual({ deleted_teams: [teamId] });
    expect((await chat(key, 'gpt-4')).status).toBe(401);
    expect((await ok(`GET /user/info?user_id=${normalUser}`)).teams).toEqual([]);
    expect(await info(teamId)).toMatchObject({
      status: 404,
      body: { error: { type: 'auth_error', message: `Team not found, passed team id: ${teamId}.` } },
    });
  });

  test.each([
    [['integration-missing'], 404],
    [[''], 404],
    [['t'.repeat(5_120)], 404],
    ['abc', 422],
    [[123], 422],
  ])('/team/delete refuses %j: %d', async (team_ids, status) => {
    const answer = await call('POST /team/delete', { team_ids });
    expect(answer.status).toBe(status);
    if (status === 404) expect(answer.body.error.message).toContain('Team not found, passed team_id=');
  });

  test('/team/delete takes a repeated id once, and no id for nothing to do', async () => {
    const { team_id: teamId } = await newTeam();
    expect(await ok('POST /team/delete', { team_ids: [teamId, teamId] })).toEqual({ deleted_teams: [teamId] });
    expect(await ok('POST /team/delete', { team_ids: [] })).toEqual({ deleted_teams: [] });
    const { key } = await newKey({ user_id: 'nobody-special' });
    expect((await call('POST /team/delete', { team_ids: [] }, key)).status).toBe(401);
  });

  test('/team/delete, /team/block and switching all logging off are not for a team’s own admin: 401', async () => {
    const { team_id: teamId } = await newTeam({ members_with_roles: [{ role: 'admin', user_id: 'own-admin' }] });
    const { key } = await newKey({ user_id: 'own-admin', team_id: teamId });
    for (const [path, body] of [
      ['delete', { team_ids: [teamId] }],
      ['block', { team_id: teamId }],
      [`${teamId}/disable_logging`, {}],
    ] as const) {
      expect(await call(`POST /team/${path}`, body, key)).toMatchObject({
        status: 401,
        body: { error: { message: expect.stringContaining('Only proxy admin can be used') } },
      });
    }
  });

  test('everybody at once is added by administrators of the proxy alone', async () => {
    const { team_id: teamId } = await newTeam({ members_with_roles: [{ role: 'admin', user_id: 'inviter' }] });
    const { key } = await newKey({ user_id: 'inviter', team_id: teamId });
    const refused = await call('POST /team/bulk_member_add', { team_id: teamId, all_users: true }, key);
    expect(refused).toMatchObject({ status: 403, body: { error: { param: 'all_users' } } });
    expect(refused.body.detail.error).toContain('`all_users=true` is restricted to PROXY_ADMIN');
  });

  test.each(['user_id', 'user_email'] as const)('a member is taken out by its %s', async (dimension) => {
    const id = randomUUID();
    await newUser({ user_id: id, user_email: `${id}@berri.ai` });
    const name = dimension === 'user_id' ? { user_id: id } : { user_email: `${id}@berri.ai` };
    const made = await newTeam({ members_with_roles: [{ role: 'user', ...name }] });
    expect(made.members_with_roles).toContainEqual({ role: 'user', user_id: id, user_email: `${id}@berri.ai` });
    const left = await ok('POST /team/member_delete', { team_id: made.team_id, ...name });
    expect(left.members_with_roles.map((member: { user_id: string }) => member.user_id)).toEqual(['default_user_id']);
  });

  test('a member over its budget in the team is refused, and shown so', async () => {
    const { team_id: teamId } = await newTeam();
    const userId = `krrish_${randomUUID()}@berri.ai`;
    const { key } = await newUser({ user_id: userId, max_budget: 10, budget_duration: '5s', team_id: teamId });
    expect(
      await ok('POST /team/member_update', { team_id: teamId, user_id: userId, max_budget_in_team: 1e-7 }),
    ).toEqual(expect.objectContaining({ team_id: teamId, user_id: userId, max_budget_in_team: 1e-7 }));
    expect((await chat(key, 'mock-gpt')).status).toBe(200);
    expect(await chat(key, 'mock-gpt')).toMatchObject({
      status: 400,
      body: { error: { type: 'budget_exceeded', message: expect.stringContaining('Budget has been exceeded') } },
    });
    const { teams } = await ok(`GET /user/info?user_id=${encodeURIComponent(userId)}`);
    expect(teams[0].team_memberships).toMatchObject([{ user_id: userId, litellm_budget_table: { max_budget: 1e-7 } }]);
    expect(teams[0].team_memberships[0].spend).toBeGreaterThan(1e-7);
  });
});

describe('POST /team/new', () => {
  test('says in headers what has no effect, and takes nulls as nothing', async () => {
    const { headers, body, status } = await call('POST /team/new', {
      models: null,
      metadata: null,
      tpm_limit: null,
      max_budget: '10',
      budget_duration: '30d',
      tags: ['t'],
      guardrails: ['pii'],
      object_permission: { mcp_servers: ['m'] },
      soft_budget: 5,
      enforced_params: ['user'],
      policies: ['p'],
      colour: 'red',
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'x-latchkey-ignored-fields': 'colour',
      'x-latchkey-not-enforced': 'guardrails, object_permission, policies',
    });
    expect(body).toMatchObject({
      models: [],
      max_budget: 10,
      spend: 0,
      budget_reset_at: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00/),
      metadata: { tags: ['t'], guardrails: ['pii'] },
      object_permission: { mcp_servers: ['m'] },
      members_with_roles: [{ role: 'admin', user_id: 'default_user_id', user_email: null }],
      blocked: false,
    });
  });

  test('takes admins and members as lists of ids too', async () => {
    const made = await newTeam({ admins: ['boss-1'], members: ['plain-1', 'boss-1'] });
    expect(made).toMatchObject({ admins: ['boss-1'], members: ['plain-1', 'boss-1'] });
    expect(
      made.members_with_roles.map(({ user_id: id, role }: Record<string, string>) => `${id} ${role}`).sort(),
    ).toEqual(['boss-1 admin', 'default_user_id admin', 'plain-1 user']);
  });

  test.each([
    [{ max_budget: 'lots' }, 422, 'max_budget'],
    [{ max_budget: -1 }, 400, 'max_budget'],
    [{ budget_duration: '5 minutes' }, 400, 'budget_duration'],
    [{ members_with_roles: [{ role: 'king', user_id: 'x' }] }, 422, 'members_with_roles.0.role'],
    [{ members_with_roles: [{ role: 'user' }] }, 400, 'user_id'],
    [{ organization_id: 'no-such-org' }, 400, 'organization_id'],
    [{ model_aliases: { a: 'no-such-model' } }, 400, 'model_aliases'],
    [{ team_member_permissions: ['/key/anything'] }, 422, 'team_member_permissions.0'],
    [{ metadata: { model_rpm_limit: { a: 'x' } } }, 400, 'metadata'],
    [{ soft_budget: 100, max_budget: 50 }, 400, 'soft_budget'],
    [{ team_id: 'litellm-dashboard' }, 400, 'team_id'],
  ])('refuses %j: %d, naming %s', async (body, status, param) => {
    expect(await call('POST /team/new', body)).toMatchObject({ status, body: { error: { param } } });
  });

  test.each([
    [{}, { soft_budget: 50 }, null],
    [{}, { soft_budget: 50, max_budget: 100 }, null],
    [{}, { soft_budget: 100, max_budget: 50 }, 'soft_budget (100.0) must be strictly lower than max_budget (50.0)'],
    [{ soft_budget: 50 }, { max_budget: 100 }, null],
    [{ soft_budget: 50 }, { max_budget: 50 }, 'max_budget (50.0) must be strictly greater than soft_budget (50.0)'],
    [
      { soft_budget: 0.5, max_budget: 1 },
      { soft_budget: 1 },
      'soft_budget (1.0) must be strictly lower than max_budget',
    ],
    [{ soft_budget: 0.5, max_budget: 1 }, { max_budget: null, soft_budget: 9 }, null],
  ])('of %j, %j: a soft budget stays below the hard one (%s)', async (made, changes, message) => {
    const { team_id: teamId } = await newTeam(made);
    const answer = await call('POST /team/update', { team_id: teamId, ...changes });
    if (message === null) expect(answer).toMatchObject({ status: 200, body: { data: changes } });
    else {
      expect(answer).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining(message) } } });
    }
  });

  test('refuses a taken id in the words that clients look for', async () => {
    const { team_id: teamId } = await newTeam();
    expect(await call('POST /team/new', { team_id: teamId })).toMatchObject({
      status: 400,
      body: {
        error: { message: `Team id = ${teamId} already exists. Please use a different team id.`, param: 'team_id' },
      },
    });
  });
});

describe('PATCH /team/{id}', () => {
  test('is POST /team/update with the team in the path, and answers with the team', async () => {
    const fields = { max_budget: 5, tpm_limit: 10, metadata: { a: 1 } };
    const made = await newTeam({ team_id: `patched/${randomUUID()}`, ...fields });
    const path = `PATCH /team/${encodeURIComponent(made.team_id)}`;
    const changes = { team_alias: 'renamed', max_budget: null, guardrails: ['pii'], colour: 'red' };
    const patched = await call(path, changes);
    const other = await newTeam(fields);
    const updated = await call('POST /team/update', { team_id: other.team_id, ...changes });
    const own = ({ team_id, created_at, updated_at, ...rest }: Record<string, unknown>) => rest;
    expect([patched.status, updated.status]).toEqual([200, 200]);
    expect(patched.body.team_id).toBe(made.team_id);
    const comparable = (row: Record<string, unknown>) =>
      JSON.stringify(own(row)).replaceAll(made.team_id, other.team_id);
    expect(comparable(patched.body)).toBe(comparable(updated.body.data));
    expect(patched.body).toMatchObject({ team_alias: 'renamed', max_budget: null, tpm_limit: 10 });
    for (const { headers } of [patched, updated]) {
      expect(headers).toMatchObject({
        'x-latchkey-ignored-fields': 'colour',
        'x-latchkey-not-enforced': expect.stringContaining('guardrails'),
      });
    }
    expect(await ok(path, { team_id: made.team_id, tpm_limit: 20 })).toMatchObject({ tpm_limit: 20 });
  });

  test.each([
    [{ tpm_limit: 5 }, { centre: 1, s: { x: 1, y: 2 } }],
    [{ metadata: { centre: 2 } }, { centre: 2, s: { x: 1, y: 2 } }],
    [{ metadata: { centre: null, s: { x: null, z: 3 } } }, { s: { y: 2, z: 3 } }],
    [{ metadata: {} }, { centre: 1, s: { x: 1, y: 2 } }],
    [{ metadata: null }, {}],
    [{ metadata: { team_member_budget_id: 'mine' } }, { centre: 1, s: { x: 1, y: 2 } }],
  ])('lays %j over the metadata, where /team/update replaces it', async (patch, expected) => {
    const { team_id: teamId } = await newTeam({ metadata: { centre: 1, s: { x: 1, y: 2 } } });
    expect((await ok(`PATCH /team/${teamId}`, patch)).metadata).toEqual(expected);
    const { data } = await ok('POST /team/update', { team_id: teamId, metadata: { only: true } });
    expect(data.metadata).toEqual({ only: true });
  });

  test('keeps the credentials of log destinations that it does not mention, and holds what it comes to', async () => {
    const callback_vars = { langfuse_public_key: 'pk-1', langfuse_secret_key: 'sk-lf-0123456789abcdef' };
    const logging = [{ callback_name: 'langfuse', callback_type: 'success', callback_vars }];
    const { team_id: teamId } = await newTeam({ metadata: { logging } });
    const before = (await ok(`GET /team/${teamId}/callback`)).data;
    const patched = await ok(`PATCH /team/${teamId}`, { metadata: { note: 'x' } });
    expect(patched.metadata).toMatchObject({ note: 'x', logging: [{ callback_name: 'langfuse' }] });
    expect((await ok(`GET /team/${teamId}/callback`)).data).toEqual(before);
    expect(await call(`PATCH /team/${teamId}`, { metadata: { model_rpm_limit: { a: 'x' } } })).toMatchObject({
      status: 400,
      body: { error: { param: 'metadata' } },
    });
  });

  test.each([[[1]], [7], [{ tpm_limit: 'many' }]])('refuses a body of %j: 422', async (body) => {
    const { team_id: teamId } = await newTeam();
    expect((await call(`PATCH /team/${teamId}`, body)).status).toBe(422);
  });

  test('refuses another team in the body, an unknown one, and whoever may not change it', async () => {
    const [one, two] = [await newTeam(), await newTeam()];
    const key = (await newKey({ team_id: one.team_id })).key;
    const refused = await call(`PATCH /team/${one.team_id}`, { team_id: two.team_id, team_alias: 'x' });
    expect(refused).toMatchObject({ status: 400, body: { error: { param: 'team_id' } } });
    expect(await call('PATCH /team/nobody', { team_alias: 'x' })).toMatchObject({
      status: 404,
      body: { error: { message: 'Team not found, passed team_id=nobody' } },
    });
    expect([401, 403]).toContain((await call(`PATCH /team/${one.team_id}`, { team_alias: 'x' }, key)).status);
    for (const { team_id: id } of [one, two]) expect((await info(id)).body.team_info.team_alias).toBe('my-new-team');
  });
});

describe('lists', () => {
  test('/team/list is an array with keys and memberships, /v2/team/list comes in pages', async () => {
    const alias = `list-${randomUUID()}`;
    const { team_id: teamId } = await newTeam({
      team_alias: alias,
      members_with_roles: [{ role: 'user', user_id: alias }],
    });
    const { key_id: keyId } = await newKey({ team_id: teamId });
    const list = await ok(`GET /team/list?user_id=${alias}`);
    expect(list).toMatchObject([{ team_id: teamId, team_memberships: [{}, {}], keys: [{ key_id: keyId }] }]);
    expect(list[0].keys[0]).not.toHaveProperty('token');
    expect(
      await ok(`GET /v2/team/list?team_alias=${alias.toUpperCase()}&page_size=1&sort_by=team_alias`),
    ).toMatchObject({
      teams: [{ team_id: teamId, members_count: 2, keys_count: 1 }],
      total: 1,
      page: 1,
      page_size: 1,
      total_pages: 1,
    });
    await ok('POST /team/delete', { team_ids: [teamId] });
    expect((await ok(`GET /v2/team/list?search=${alias}`)).total).toBe(0);
    expect((await ok(`GET /v2/team/list?search=${alias}&status=deleted`)).teams).toMatchObject([{ team_id: teamId }]);
  });

  test.each(['page=0', 'page_size=101', 'sort_by=colour', 'sort_order=up', 'status=odd'])(
    'refuse %s',
    async (query) => {
      expect([400, 422]).toContain((await call(`GET /v2/team/list?${query}`)).status);
    },
  );

  test('say what a status can be', async () => {
    expect((await call('GET /v2/team/list?status=odd')).body.error.message).toMatch(/Invalid status value.*deleted/);
  });

  test('/v2/team/list shows people their own teams when they name themselves, and admins of an organization its teams', async () => {
    const marker = randomUUID().slice(0, 8);
    const organizationId = `org-${marker}`;
    await ok('POST /organization/new', { organization_id: organizationId, organization_alias: organizationId });
    await ok('POST /organization/new', { organization_id: `${organizationId}-x`, organization_alias: marker });
    const lead = `lead-${marker}`;
    const member = `member-${marker}`;
    const place = { organization_id: organizationId, member: { role: 'org_admin', user_id: lead } };
    await ok('POST /organization/member_add', place);
    const inOrg = (await newTeam({ organization_id: organizationId })).team_id;
    const withMember = await newTeam({
      organization_id: organizationId,
      members_with_roles: [{ role: 'user', user_id: member }],
    });
    await newTeam({ members_with_roles: [{ role: 'user', user_id: 'somebody-else' }] });
    const [leads, members] = [(await newKey({ user_id: lead })).key, (await newKey({ user_id: member })).key];
    const ids = async (query: string, key: string) =>
      (await ok(`GET /v2/team/list?${query}`, undefined, key)).teams
        .map((team: { team_id: string }) => team.team_id)
        .sort();
    const both = [inOrg, withMember.team_id].sort();
    expect(await ids('', leads)).toEqual(both);
    expect(await ids(`user_id=${lead}`, leads)).toEqual(both);
    expect(await ids(`user_id=${member}`, leads)).toEqual([withMember.team_id]);
    expect(await call(`GET /v2/team/list?organization_id=${organizationId}-x`, undefined, leads)).toMatchObject({
      status: 403,
      body: { error: { message: expect.stringContaining('only view teams within your organizations') } },
    });
    expect(await ids(`user_id=${member}`, members)).toEqual([withMember.team_id]);
    for (const query of ['', `user_id=${lead}`]) {
      expect(await call(`GET /v2/team/list?${query}`, undefined, members)).toMatchObject({
        status: 401,
        body: { error: { message: expect.stringContaining('Only admin users can query all teams/other teams') } },
      });
    }
  });

  test('/team/info lists as many keys as it is asked for', async () => {
    const { team_id: teamId } = await newTeam();
    for (let index = 0; index < 3; index += 1) await newKey({ team_id: teamId });
    const { headers, body } = await call(`GET /team/info?team_id=${teamId}&key_limit=2`);
    expect(body.keys).toHaveLength(2);
    expect(headers['x-latchkey-left-out']).toBe('keys=1');
    expect((await call(`GET /team/info?team_id=${teamId}&key_limit=none`)).status).toBe(422);
  });
});

describe('log destinations', () => {
  test('are kept by the team, shown without credentials, and not taken twice', async () => {
    const { team_id: teamId } = await newTeam();
    const body = {
      callback_name: 'langfuse',
      callback_type: 'success',
      callback_vars: { langfuse_public_key: 'pk-1', langfuse_secret_key: 'sk-lf-0123456789abcdef' },
    };
    const added = await call(`POST /team/${teamId}/callback`, body);
    expect(added).toMatchObject({ status: 200, body: { status: 'success', data: { team_id: teamId } } });
    expect((await call(`POST /team/${teamId}/callback`, body)).status).toBe(400);
    const shown = await ok(`GET /team/${teamId}/callback`);
    expect(shown).toEqual({
      status: 'success',
      data: {
        team_id: teamId,
        success_callbacks: ['langfuse'],
        failure_callbacks: [],
        callback_vars: { langfuse_public_key: 'pk-1', langfuse_secret_key: expect.stringMatching(/^\*{4}[\w-]{4}$/) },
      },
    });
    await ok(`POST /team/${teamId}/disable_logging`);
    expect((await ok(`GET /team/${teamId}/callback`)).data).toMatchObject({
      success_callbacks: [],
      failure_callbacks: [],
    });
    const all = [added.body, await ok(`GET /team/info?team_id=${teamId}`)];
    expect(JSON.stringify(all)).not.toContain('0123456789');
    expect((await call('POST /team/no-such-team/callback', body)).status).toBe(404);
    expect(await call(`POST /team/${teamId}/callback`, { ...body, callback_type: 'sometimes' })).toMatchObject({
      status: 422,
      body: { error: { param: 'callback_type' } },
    });
  });
});

describe('log destinations that stand in metadata.logging', () => {
  const callback_vars = { langfuse_public_key: 'pk-1', langfuse_secret_key: 'sk-lf-0123456789abcdef' };
  const logging = [
    { callback_name: 'langfuse', callback_type: 'success', callback_vars },
    { callback_name: 'generic_api', callback_type: 'failure', callback_vars: { endpoint: 'https://logs.example' } },
  ];

  test('are shown, added to, taken out and switched off like others', async () => {
    const { team_id: teamId } = await newTeam({ metadata: { logging } });
    const shown = async () => (await ok(`GET /team/${teamId}/callback`)).data;
    expect(await shown()).toMatchObject({ success_callbacks: ['langfuse'], failure_callbacks: ['generic_api'] });
    const more = { callback_name: 'otel', callback_type: 'success_and_failure', callback_vars: {} };
    const added = await ok(`POST /team/${teamId}/callback`, more);
    expect(added.data.metadata.logging).toHaveLength(3);
    expect((await call(`POST /team/${teamId}/callback`, { ...more, callback_name: 'langfuse' })).status).toBe(400);
    expect(await ok(`DELETE /team/${teamId}/callback/langfuse`)).toMatchObject({
      status: 'success',
      data: { team_id: teamId, success_callbacks: ['otel'], failure_callbacks: ['generic_api', 'otel'] },
    });
    expect((await call(`DELETE /team/${teamId}/callback/langfuse`)).status).toBe(404);
    await ok(`POST /team/${teamId}/disable_logging`);
    expect(await shown()).toMatchObject({ success_callbacks: [], failure_callbacks: [] });
    expect((await info(teamId)).body.team_info.metadata.logging).toEqual([]);
  });

  test('one that was given by /team/{id}/callback is taken out by name, with its variables', async () => {
    const { team_id: teamId } = await newTeam();
    await ok(`POST /team/${teamId}/callback`, { callback_name: 'langfuse', callback_vars });
    expect((await ok(`DELETE /team/${teamId}/callback/langfuse`)).data.success_callbacks).toEqual([]);
    expect((await ok(`GET /team/${teamId}/callback`)).data.callback_vars).toEqual({});
  });
});

describe('permissions of members', () => {
  test('are opened further in many teams at once, and nothing is closed', async () => {
    const bulk = (body: object, key?: string) => call('POST /team/permissions_bulk_update', body, key);
    const permissionsOf = async (id: string) =>
      (await ok(`GET /team/permissions_list?team_id=${id}`)).team_member_permissions.sort();
    const { team_id: some } = await newTeam({ team_member_permissions: ['/key/generate'] });
    const { team_id: none } = await newTeam();
    const permissions = ['/team/daily/activity'];
    expect((await bulk({ permissions, team_ids: [some, none] })).body).toMatchObject({ teams_updated: 2 });
    expect(await permissionsOf(some)).toEqual(['/key/generate', '/team/daily/activity']);
    expect(await permissionsOf(none)).toEqual(['/key/health', '/key/info', '/team/daily/activity']);
    expect((await bulk({ permissions, team_ids: [some] })).body).toMatchObject({ teams_updated: 0 });
    expect((await bulk({ permissions: ['/key/delete'], apply_to_all_teams: true })).status).toBe(200);
    expect(await permissionsOf(some)).toEqual(['/key/delete', '/key/generate', '/team/daily/activity']);
    expect((await bulk({ permissions: [] })).body).toMatchObject({ teams_updated: 0 });
    expect(await bulk({ permissions, team_ids: [some, 'no-such-team'] })).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining('no-such-team') } },
    });
    for (const body of [{ permissions }, { permissions, team_ids: [some], apply_to_all_teams: true }]) {
      expect((await bulk(body)).status).toBe(400);
    }
    expect((await bulk({ permissions: ['/key/anything'], team_ids: [some] })).status).toBe(422);
    const { key } = await ok('POST /user/new', { user_id: 'nobody-special', user_role: 'internal_user' });
    expect((await bulk({ permissions, apply_to_all_teams: true }, key)).status).toBe(401);
  });

  test('are listed with what there is to choose from, and set', async () => {
    const { team_id: teamId } = await newTeam();
    const list = () => ok(`GET /team/permissions_list?team_id=${teamId}`);
    expect(await list()).toMatchObject({
      team_id: teamId,
      team_member_permissions: ['/key/info', '/key/health'],
      all_available_permissions: expect.arrayContaining(['/key/generate', '/key/delete']),
    });
    const body = { team_id: teamId, team_member_permissions: ['/key/generate'] };
    expect((await ok('POST /team/permissions_update', body)).team_member_permissions).toEqual(['/key/generate']);
    expect((await list()).team_member_permissions).toEqual(['/key/generate']);
  });
});

describe('POST /team/{id}/reset_spend', () => {
  test('lets a team call again that was over its budget', async () => {
    const { team_id: teamId } = await newTeam({ max_budget: 1e-9 });
    const { key } = await newKey({ team_id: teamId });
    expect((await chat(key, 'mock-gpt')).status).toBe(200);
    expect(await chat(key, 'mock-gpt')).toMatchObject({ status: 400, body: { error: { type: 'budget_exceeded' } } });
    expect(await call(`POST /team/${teamId}/reset_spend`, { reset_to: 1 })).toMatchObject({
      status: 400,
      body: { error: { param: 'reset_to' } },
    });
    const reset = await ok(`POST /team/${teamId}/reset_spend`, { reset_to: 0 });
    expect(reset).toMatchObject({ team_id: teamId, spend: 0, max_budget: 1e-9, budget_reset_at: null });
    expect(reset.previous_spend).toBeGreaterThan(0);
    expect((await chat(key, 'mock-gpt')).status).toBe(200);
  });
});

test('of two teams, neither admin sees or changes the other', async () => {
  const setUp = async (name: string) => {
    const { team_id: teamId } = await newTeam({ members_with_roles: [{ role: 'admin', user_id: `${name}-lead` }] });
    const { key } = await newKey({ user_id: `${name}-lead` });
    return { teamId, key, userId: `${name}-lead` };
  };
  const [ours, theirs] = [await setUp(`ours-${randomUUID()}`), await setUp(`theirs-${randomUUID()}`)];
  const refused: [string, object?][] = [
    [`GET /team/info?team_id=${theirs.teamId}`],
    [`GET /team/permissions_list?team_id=${theirs.teamId}`],
    [`GET /team/${theirs.teamId}/callback`],
    ['POST /team/update', { team_id: theirs.teamId, team_alias: 'x' }],
    [`PATCH /team/${theirs.teamId}`, { team_alias: 'x' }],
    ['POST /team/delete', { team_ids: [ours.teamId, theirs.teamId] }],
    ['POST /team/block', { team_id: theirs.teamId }],
    ['POST /team/unblock', { team_id: theirs.teamId }],
    ['POST /team/model/add', { team_id: theirs.teamId, models: ['gpt-4'] }],
    ['POST /team/model/delete', { team_id: theirs.teamId, models: ['gpt-4'] }],
    ['POST /team/member_add', { team_id: theirs.teamId, member: { role: 'admin', user_id: ours.userId } }],
    ['POST /team/member_add', { team_id: ours.teamId, member: { role: 'user', user_id: theirs.userId } }],
    ['POST /team/bulk_member_add', { team_id: theirs.teamId, members: [{ role: 'user', user_id: ours.userId }] }],
    ['POST /team/member_update', { team_id: theirs.teamId, user_id: theirs.userId, role: 'user' }],
    ['POST /team/member_delete', { team_id: theirs.teamId, user_id: theirs.userId }],
    ['POST /team/permissions_update', { team_id: theirs.teamId, team_member_permissions: [] }],
    [`POST /team/${theirs.teamId}/callback`, { callback_name: 'x', callback_vars: {} }],
    [`POST /team/${theirs.teamId}/disable_logging`],
    [`POST /team/${theirs.teamId}/reset_spend`, { reset_to: 0 }],
    ['POST /team/new', { team_alias: 'mine' }],
  ];
  const before = (await info(theirs.teamId)).body;
  for (const [request, body] of refused) {
    const answer = await call(request, body, ours.key);
    expect([401, 403], request).toContain(answer.status);
  }
  expect((await info(theirs.teamId)).body).toEqual(before);
  expect((await info(ours.teamId)).body.team_info.members_with_roles).toHaveLength(2);
  const listed = await ok('GET /team/list', undefined, ours.key);
  expect(listed.map((team: { team_id: string }) => team.team_id)).toEqual([ours.teamId]);
});
