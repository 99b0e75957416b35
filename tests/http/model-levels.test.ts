import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildTeam, buildUser } from '../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../support/seeded-app.ts';

const model = (name: string, more: object = {}, info: object = {}) => ({
  model_name: name,
  litellm_params: { model: `openai/${name}`, mock_response: name, ...more },
  model_info: info,
});

const CONFIG = JSON.stringify({
  model_list: [
    model('good-model', {}, { access_groups: ['beta'] }),
    model('bad-model'),
    model('gpt-3.5-turbo'),
    model('anthropic/*'),
    model('regional', { region_name: 'us' }, { id: 'in-us' }),
    model('regional', { region_name: 'eu-west-1' }, { id: 'in-eu' }),
    model('american', { region_name: 'us' }),
  ],
});

let gateway: SeededApp;
beforeAll(async () => {
  gateway = await startSeededApp(
    async (unit) => {
      await unit.users.insert(buildUser({ id: 'ada', models: ['good-model', 'anthropic/*'] }));
      await unit.users.insert(buildUser({ id: 'nothing', models: ['no-default-models'] }));
      await unit.users.insert(buildUser({ id: 'blocked-user', blocked: true }));
      await unit.organizations.insert(organization('acme', { models: ['gpt-3.5-turbo', 'beta'] }));
      await unit.organizations.insert(organization('blocked-org', { blocked: true }));
      await unit.teams.insert(buildTeam({ id: 'crew', models: ['good-model'] }));
      await unit.teams.insert(buildTeam({ id: 'of-acme', organizationId: 'acme' }));
      await unit.teams.insert(buildTeam({ id: 'blocked-team', blocked: true }));
      const modelAliases = { 'cheap-model': 'gpt-3.5-turbo', 'good-model': 'bad-model' };
      await unit.teams.insert(buildTeam({ id: 'aliased', modelAliases, models: ['cheap-model', 'good-model'] }));
      await unit.teams.insert(buildTeam({ id: 'open-aliased', modelAliases }));
      const customer = { ...buildTeam({ blocked: false }), allowedModelRegion: null, defaultModel: null };
      await unit.endUsers.insert({ ...customer, id: 'eu-customer', allowedModelRegion: 'eu' });
      await unit.endUsers.insert({ ...customer, id: 'defaulted', defaultModel: 'gpt-3.5-turbo' });
      await unit.endUsers.insert({ ...customer, id: 'banned', blocked: true });
    },
    { config: CONFIG },
  );
});
afterAll(() => gateway.close());

function organization(id: string, fields: object) {
  const { organizationId: _, modelAliases: __, memberPermissions: ___, ...owner } = buildTeam({ id, ...fields });
  return owner;
}

const make = async (body: object) => (await callGateway(gateway, 'POST /key/generate', { body })).body.key as string;
const chat = (key: string, name: string | undefined, more: object = {}) =>
  callGateway(gateway, 'POST /v1/chat/completions', {
    key,
    body: { model: name, messages: [{ role: 'user', content: 'hi' }], ...more },
  });
const listed = async (key: string) =>
  (await callGateway(gateway, 'GET /v1/models', { key })).body.data.map(({ id }: { id: string }) => id);

describe('the list of models with access groups', () => {
  const groupsOf = async (key: string, query: string) => {
    const { status, body } = await callGateway(gateway, `GET /v1/models?${query}`, { key });
    return status === 200 ? body.data.map(({ id }: { id: string }) => id) : status;
  };

  test('names those that the key could be given, alone or after the models', async () => {
    const key = await make({ models: ['beta', 'regional'] });
    expect(await groupsOf(key, 'only_model_access_groups=True')).toEqual(['beta']);
    expect(await groupsOf(key, 'include_model_access_groups=true')).toEqual([...(await listed(key)), 'beta']);
    expect(await listed(key)).not.toContain('beta');
    expect(await groupsOf(key, 'only_model_access_groups=maybe')).toBe(422);
  });

  test('leaves out those of which the key may not call every model', async () => {
    const key = await make({ models: ['gpt-3.5-turbo', 'good-model'] });
    expect(await groupsOf(key, 'only_model_access_groups=true')).toEqual(['beta']);
    const less = await make({ models: ['gpt-3.5-turbo'] });
    expect(await groupsOf(less, 'only_model_access_groups=true')).toEqual([]);
  });
});

describe('the list of models of a team', () => {
  const ask = async (query: string, key?: string) => {
    const answer = await callGateway(gateway, `GET /v1/models?${query}`, key === undefined ? {} : { key });
    return answer.status === 200 ? answer.body.data.map(({ id }: { id: string }) => id) : answer;
  };

  test('is that of a key of the team without a list of its own, whatever the asking key may call', async () => {
    for (const team of ['crew', 'of-acme', 'aliased', 'open-aliased']) {
      const plain = await listed(await make({ team_id: team }));
      const narrow = await make({ team_id: team, models: ['regional'] });
      expect(await ask(`team_id=${team}`)).toEqual(plain);
      expect(await ask(`team_id=${team}`, narrow)).toEqual(plain);
    }
    expect(await ask('team_id=crew')).toEqual(['good-model']);
    expect(await ask('team_id=of-acme&include_model_access_groups=true')).toEqual([
      'good-model',
      'gpt-3.5-turbo',
      'beta',
    ]);
    expect(await ask('team_id=crew&only_model_access_groups=true')).toEqual(['beta']);
    expect(await ask('team_id=')).toEqual(await ask(''));
    const paths = ['/models', '/v1/models', '/openai/models'].map((path) =>
      callGateway(gateway, `GET ${path}?team_id=crew`),
    );
    for (const { body } of await Promise.all(paths)) expect(body.data).toHaveLength(1);
  });

  test('is for those who may see the team, and others cannot tell whether there is one', async () => {
    expect(await ask('team_id=crew', await make({ user_id: 'ada' }))).toMatchObject({
      status: 403,
      body: { error: { param: 'team_id', message: 'User=ada not authorized to access this team=crew' } },
    });
    expect(await ask('team_id=nobodys', await make({ user_id: 'ada' }))).toMatchObject({ status: 403 });
    expect(await ask('team_id=crew', await make({ team_id: 'of-acme' }))).toMatchObject({ status: 403 });
    expect(await ask('team_id=nobodys')).toMatchObject({
      status: 404,
      body: { error: { message: 'Team not found, passed team id: nobodys.' } },
    });
    await callGateway(gateway, 'POST /team/member_add', {
      body: { team_id: 'crew', member: { role: 'user', user_id: 'ada' } },
    });
    expect(await ask('team_id=crew', await make({ user_id: 'ada' }))).toEqual(['good-model']);
  });

  test('wildcards stand in it unless they are not wanted, and metadata where they are asked for', async () => {
    expect(await ask('')).toContain('anthropic/*');
    expect(await ask('return_wildcard_routes=true')).toEqual(await ask(''));
    const literal = (await ask('')).filter((name: string) => name !== 'anthropic/*');
    expect(await ask('return_wildcard_routes=false')).toEqual(literal);
    const { body } = await callGateway(gateway, 'GET /models?team_id=crew&include_metadata=true&fallback_type=general');
    expect(body.data).toEqual([expect.objectContaining({ id: 'good-model', metadata: { fallbacks: [] } })]);
    expect(await ask('fallback_type=odd')).toMatchObject({ status: 422, body: { error: { param: 'fallback_type' } } });
  });
});

describe('a model has to be allowed at every level', () => {
  test.each<[string, object, string, string | null]>([
    ['user list, a name', { user_id: 'ada' }, 'good-model', null],
    ['user list, a wildcard', { user_id: 'ada' }, 'anthropic/claude', null],
    ['user list, another name', { user_id: 'ada' }, 'bad-model', 'user_model_access_denied'],
    ['user list, for a key in a team', { user_id: 'ada', team_id: 'open-aliased' }, 'gpt-3.5-turbo', null],
    ['no-default-models of a user', { user_id: 'nothing' }, 'good-model', 'user_model_access_denied'],
    ['team list, a name', { team_id: 'crew' }, 'good-model', null],
    ['team list, another name', { team_id: 'crew' }, 'bad-model', 'team_model_access_denied'],
    [
      'team list, more in the key’s',
      { team_id: 'crew', models: ['bad-model'] },
      'bad-model',
      'team_model_access_denied',
    ],
    [
      'key list, more in the team’s',
      { team_id: 'crew', models: ['bad-model'] },
      'good-model',
      'key_model_access_denied',
    ],
    ['all-team-models', { team_id: 'crew', models: ['all-team-models'] }, 'good-model', null],
    [
      'all-team-models, another',
      { team_id: 'crew', models: ['all-team-models'] },
      'bad-model',
      'key_model_access_denied',
    ],
    ['the team’s organisation', { team_id: 'of-acme' }, 'bad-model', 'org_model_access_denied'],
    ['the key’s organisation', { organization_id: 'acme' }, 'bad-model', 'org_model_access_denied'],
    ['an organisation’s access group', { organization_id: 'acme' }, 'good-model', null],
  ])('%s', async (_case, fields, name, refusal) => {
    const key = await make(fields);
    const { status, body } = await chat(key, name);
    expect([status, body.error?.type ?? null]).toEqual(refusal === null ? [200, null] : [403, refusal]);
    if (refusal !== null) expect(body.error.message).toContain(`Tried to access ${name}`);
    if (!name.includes('/')) expect((await listed(key)).includes(name)).toBe(refusal === null);
  });

  test('a refusal shows the list of the level that refused', async () => {
    const { body } = await chat(await make({ team_id: 'crew' }), 'bad-model');
    expect(body.error.message).toBe(
      "team not allowed to access model. This team can only access models=['good-model']. Tried to access bad-model",
    );
  });

  test('/model/info shows what can be called', async () => {
    const { body } = await callGateway(gateway, 'GET /model/info', { key: await make({ team_id: 'crew' }) });
    expect(body.data.map(({ model_name }: { model_name: string }) => model_name)).toEqual(['good-model']);
  });
});

describe('an alias of a team', () => {
  test('is called by its name, where the key lists only what it stands for', async () => {
    const key = await make({ team_id: 'open-aliased', models: ['gpt-3.5-turbo'] });
    const { status, headers } = await chat(key, 'cheap-model');
    expect([status, headers['x-litellm-model-group']]).toEqual([200, 'gpt-3.5-turbo']);
  });

  test('may be all that the team lists', async () => {
    expect((await chat(await make({ team_id: 'aliased' }), 'cheap-model')).status).toBe(200);
  });

  test('opens no model that the team does not list, under the name of one that it does', async () => {
    const { status, body } = await chat(await make({ team_id: 'aliased' }), 'good-model');
    expect([status, body.error.type]).toEqual([403, 'team_model_access_denied']);
  });

  test('of a key opens none either', async () => {
    const key = await make({ team_id: 'crew', aliases: { 'good-model': 'bad-model' } });
    expect((await chat(key, 'good-model')).body.error.type).toBe('team_model_access_denied');
  });
});

describe('an end user', () => {
  test('bound to a region is served from there', async () => {
    for (let call = 0; call < 5; call += 1) {
      const { status, headers } = await chat(gateway.masterKey, 'regional', { user: 'eu-customer' });
      expect([status, headers['x-litellm-model-id']]).toEqual([200, 'in-eu']);
      expect(headers['x-litellm-model-region']).toBe('eu-west-1');
    }
  });

  test('is refused what is not served there', async () => {
    const { status, body } = await chat(gateway.masterKey, 'american', { user: 'eu-customer' });
    expect([status, body.error.param]).toEqual([400, 'model']);
    expect(body.error.message).toContain('region eu');
  });

  test.each<[string, object, string | undefined]>([
    ['no model is named', {}, undefined],
    ['the model is not allowed', { models: ['gpt-3.5-turbo'] }, 'good-model'],
    ['there is no such model', {}, 'no-such-model'],
  ])('gets its default_model where %s', async (_case, fields, name) => {
    const { status, headers } = await chat(await make(fields), name, { user: 'defaulted' });
    expect([status, headers['x-litellm-model-group']]).toEqual([200, 'gpt-3.5-turbo']);
  });

  test('gets no default_model that the key may not call', async () => {
    const { status, body } = await chat(await make({ models: ['good-model'] }), 'bad-model', { user: 'defaulted' });
    expect([status, body.error.message]).toEqual([403, expect.stringContaining('Tried to access bad-model')]);
  });

  test('without a default has to be asked for by a model’s name', async () => {
    const { status, body } = await chat(gateway.masterKey, undefined, { user: 'somebody' });
    expect([status, body.error.param]).toEqual([400, 'model']);
  });
});

describe('access groups', () => {
  test('are told with the models in them, as far as the key may call them', async () => {
    const beta = { access_group: 'beta', model_names: ['good-model'], deployment_count: 1 };
    const ask = (path: `/${string}`, key: string) => callGateway(gateway, `GET ${path}`, { key });
    const [all, other] = [await make({}), await make({ models: ['bad-model'] })];
    expect((await ask('/access_group/list', all)).body).toEqual({ access_groups: [beta] });
    expect((await ask('/access_group/beta/info', all)).body).toEqual(beta);
    expect((await ask('/access_group/list', other)).body).toEqual({ access_groups: [] });
    for (const [name, key] of [
      ['beta', other],
      ['gamma', all],
    ] as const) {
      const { status, body } = await ask(`/access_group/${name}/info`, key);
      expect([status, body.error.param]).toEqual([404, 'access_group']);
    }
  });
});

describe('a customer with a list of models', () => {
  const make1 = async (body: object) => (await callGateway(gateway, 'POST /customer/new', { body })).body;
  const idsFor = async (user: string, header = 'x-litellm-end-user-id') => {
    const { body } = await callGateway(gateway, 'GET /v1/models', { headers: { [header]: user } });
    return body.data.map(({ id }: { id: string }) => id);
  };
  beforeAll(async () => {
    const models = ['good-model', 'anthropic/*'];
    expect(await make1({ user_id: 'choosy', models })).toMatchObject({ user_id: 'choosy', models });
    expect(await make1({ user_id: 'open', models: [] })).toMatchObject({ models: [] });
    await make1({ user_id: 'choosy-defaulted', models: ['gpt-3.5-turbo'], default_model: 'gpt-3.5-turbo' });
  });

  test('is served what is on it, whatever the key may call', async () => {
    const key = await make({});
    const said = async (model: string, user: string | undefined, headers = {}) => {
      const body = { model, messages: [{ role: 'user', content: 'hi' }], user };
      const answer = await callGateway(gateway, 'POST /v1/chat/completions', { key, body, headers });
      return [answer.status, answer.body.error?.type];
    };
    const denied = [403, 'customer_model_access_denied'];
    expect(await said('good-model', 'choosy')).toEqual([200, undefined]);
    expect(await said('anthropic/claude-3', 'choosy')).toEqual([200, undefined]);
    expect(await said('bad-model', 'choosy')).toEqual(denied);
    expect(await said('bad-model', undefined, { 'x-litellm-customer-id': 'choosy' })).toEqual(denied);
    expect(await said('bad-model', 'open')).toEqual([200, undefined]);
    expect(await said('bad-model', undefined)).toEqual([200, undefined]);
    const fallbacks = await chat(key, 'good-model', { user: 'choosy', fallbacks: ['bad-model'] });
    expect([fallbacks.status, fallbacks.body.error.type]).toEqual(denied);
    expect((await chat(key, 'bad-model', { user: 'choosy-defaulted' })).headers['x-litellm-model-group']).toBe(
      'gpt-3.5-turbo',
    );
  });

  test('is told of by /key/explain', async () => {
    const { body } = await callGateway(gateway, 'POST /key/explain', {
      body: { key: await make({}), model: 'bad-model', user: 'choosy' },
    });
    expect(body.allowed).toBe(false);
    expect(body.error.type).toBe('customer_model_access_denied');
  });

  test('narrows /models where a header names it', async () => {
    expect(await idsFor('choosy')).toEqual(['good-model', 'anthropic/*']);
    expect(await idsFor(' choosy ', 'x-litellm-customer-id')).toEqual(['good-model', 'anthropic/*']);
    for (const everything of ['open', 'nobody-known']) expect(await idsFor(everything)).toContain('bad-model');
  });

  test('is changed with /customer/update, from the next call on', async () => {
    await make1({ user_id: 'moody', models: ['good-model'] });
    const key = await make({});
    expect((await chat(key, 'bad-model', { user: 'moody' })).status).toBe(403);
    await callGateway(gateway, 'POST /customer/update', { body: { user_id: 'moody', models: null } });
    expect((await chat(key, 'bad-model', { user: 'moody' })).status).toBe(403);
    await callGateway(gateway, 'POST /customer/update', { body: { user_id: 'moody', models: [] } });
    expect((await chat(key, 'bad-model', { user: 'moody' })).status).toBe(200);
    const wrong = await callGateway(gateway, 'POST /customer/update', {
      body: { user_id: 'moody', models: ['a\u0000b'] },
    });
    expect([wrong.status, wrong.body.error.param]).toEqual([400, 'models']);
  });
});

describe('who is blocked has nothing done for it', () => {
  test.each([
    [{ team_id: 'blocked-team' }, {}, 'Team=blocked-team is blocked. Update via `/team/unblock` if your admin.'],
    [{ user_id: 'blocked-user' }, {}, 'User=blocked-user is blocked.'],
    [{ organization_id: 'blocked-org' }, {}, 'Organization=blocked-org is blocked.'],
    [{}, { user: 'banned' }, 'User blocked from making LLM API Calls. User=banned.'],
  ])('%j calling with %j', async (fields, more, text) => {
    const { status, body } = await chat(await make(fields), 'good-model', more);
    expect([status, body.error.type]).toEqual([401, 'auth_error']);
    expect(body.error.message).toContain(text);
  });

  test('a blocked user looks nothing up either', async () => {
    const key = await make({ user_id: 'blocked-user' });
    expect((await callGateway(gateway, 'GET /v1/models', { key })).status).toBe(401);
    expect((await callGateway(gateway, 'GET /key/info', { key })).status).toBe(401);
  });
});
