import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
  await callGateway(gateway, 'POST /organization/new', { body: { organization_id: 'o-1', organization_alias: 'o-1' } });
});
afterAll(() => gateway.close());

const generate = (body: unknown, headers: Record<string, string> = {}) =>
  callGateway(gateway, 'POST /key/generate', { body, headers });
const total = async () => (await callGateway(gateway, 'GET /key/list?size=1')).body.total_count;

describe('a link to nothing', () => {
  test.each(['organization_id', 'budget_id'])(
    'is refused where it is %s, and nothing is made or changed',
    async (param) => {
      const before = await total();
      const made = await generate({ [param]: 'nowhere' });
      expect([made.status, made.body.error.param]).toEqual([400, param]);
      expect(made.body.error.message).toContain('nowhere');
      expect(await total()).toBe(before);

      const { key, token_id } = (await generate({})).body;
      for (const path of ['/key/update', '/key/regenerate'] as const) {
        const changed = await callGateway(gateway, `POST ${path}`, { body: { key, [param]: 'nowhere' } });
        expect([changed.status, changed.body.error.param]).toEqual([400, param]);
      }
      const bulk = { keys: [{ key, [param]: 'nowhere' }] };
      const { body } = await callGateway(gateway, 'POST /key/bulk_update', { body: bulk });
      expect(body).toMatchObject({ successful_updates: [], failed_updates: [{ key }] });
      const { info } = (await callGateway(gateway, `GET /key/info?key=${token_id}`)).body;
      expect(info[param]).toBeNull();
    },
  );

  test('stays where the key has it, as clients send back what they were shown', async () => {
    const { key, budget_id } = (await generate({ soft_budget: 1 })).body;
    const { status } = await callGateway(gateway, 'POST /key/update', { body: { key, budget_id, rpm_limit: 1 } });
    expect(status).toBe(200);
  });
});

describe('the reply of POST /key/generate', () => {
  test('has every field that LiteLLM’s has', async () => {
    const { status, body } = await generate({});
    expect(status).toBe(200);
    const names =
      'key key_name expires user_id token_id token key_id key_alias duration models spend max_budget team_id ' +
      'max_parallel_requests metadata tpm_limit rpm_limit budget_duration budget_reset_at allowed_cache_controls ' +
      'soft_budget config permissions model_max_budget model_rpm_limit model_tpm_limit guardrails blocked aliases tags ' +
      'budget_id litellm_budget_table organization_id created_by updated_by created_at updated_at allowed_routes ' +
      'key_type object_permission_id router_settings access_group_ids policies budget_limits model_spend ' +
      'soft_budget_cooldown last_active rotation_count auto_rotate rotation_interval last_rotation_at key_rotation_at';
    expect(names.split(' ').filter((name) => !(name in body))).toEqual([]);
    expect(body).toMatchObject({ created_by: 'default_user_id', updated_by: 'default_user_id', expires: null });
    expect(body.metadata).toEqual({});
  });

  test('returns what was sent', async () => {
    const sent = {
      key_alias: 'echo',
      models: ['gpt-4', 'openai/*'],
      aliases: { mine: 'gpt-4' },
      spend: 1.5,
      max_budget: 0.00000001,
      soft_budget: 2,
      budget_duration: '30d',
      duration: '7d',
      user_id: 'u-1',
      team_id: 't-1',
      organization_id: 'o-1',
      max_parallel_requests: 0,
      tpm_limit: 0,
      rpm_limit: 10,
      permissions: { get_spend_routes: true, pii: false },
      config: { a: 1 },
      model_max_budget: { 'gpt-4': 0.5, 'gpt-5': { budget_limit: 1, time_period: '1d' } },
      model_rpm_limit: { 'gpt-4': 1 },
      model_tpm_limit: { 'gpt-4': 0 },
      tag_rpm_limit: { a: 1 },
      guardrails: ['pii'],
      tags: ['a', 'b'],
      allowed_cache_controls: ['no-cache'],
      allowed_routes: ['/chat/completions'],
      blocked: false,
      budget_mode: 'hard',
      router_settings: { num_retries: 2 },
      project_id: 'p-1',
    };
    const { status, body, headers } = await generate({ ...sent, metadata: { app: 'x' } });
    expect(status).toBe(200);
    expect(body).toMatchObject(sent);
    expect(body.metadata).toEqual({
      app: 'x',
      tags: ['a', 'b'],
      guardrails: ['pii'],
      model_rpm_limit: { 'gpt-4': 1 },
      model_tpm_limit: { 'gpt-4': 0 },
      tag_rpm_limit: { a: 1 },
    });
    expect(body.litellm_budget_table).toMatchObject({ budget_id: body.budget_id, soft_budget: 2 });
    expect(headers['x-latchkey-not-enforced']).toContain('project_id');
    for (const name of ['model_rpm_limit', 'tag_rpm_limit']) {
      expect(headers['x-latchkey-not-enforced']).not.toContain(name);
    }
    const { info } = (await callGateway(gateway, 'GET /key/info?key=echo')).body;
    expect(info).toMatchObject({ spend: 1.5, max_budget: 0.00000001, aliases: { mine: 'gpt-4' }, rpm_limit: 10 });
  });

  test('takes nulls for everything, text for numbers and words for booleans', async () => {
    const nulls = Object.fromEntries(
      'key key_alias duration models aliases config spend max_budget budget_duration soft_budget user_id team_id metadata permissions model_max_budget model_rpm_limit guardrails tags blocked allowed_cache_controls send_invite_email budget_id key_type rpm_limit'
        .split(' ')
        .map((name) => [name, null]),
    );
    expect((await generate(nulls)).status).toBe(200);
    const lax = await generate({ max_budget: '10', rpm_limit: ' 5 ', tpm_limit: 3.0, blocked: 'false', spend: '1e-3' });
    expect(lax.body).toMatchObject({ max_budget: 10, rpm_limit: 5, tpm_limit: 3, blocked: false, spend: 0.001 });
    expect((await generate({ max_budget: '', key_alias: '' })).body).toMatchObject({
      max_budget: null,
      key_alias: null,
    });
  });

  test.each<[object, string | undefined]>([
    [{ guardrails: ['pii'], tag_rpm_limit: { a: 1 }, enforced_params: ['user'] }, 'guardrails'],
    [
      { metadata: { guardrails: ['pii'], policies: ['p'], tags: ['t'], mine: 1 } },
      'metadata.guardrails, metadata.policies',
    ],
    [{ permissions: { get_spend_routes: true, pii: true, off: false } }, 'permissions.pii'],
    [{ throttle_on_budget_exceeded: true, mcp_rpm_limit: { m: 1 } }, 'throttle_on_budget_exceeded, mcp_rpm_limit'],
    [{ guardrails: [], throttle_on_budget_exceeded: false, config: {}, project_id: null, soft_budget: 1 }, undefined],
  ])('of %j says that nothing acts on %s', async (body, named) => {
    const generated = await generate(body);
    expect(generated.headers['x-latchkey-not-enforced']).toBe(named);
    const { key } = generated.body;
    for (const route of ['POST /key/update', 'POST /key/bulk_update']) {
      const asked = { key, ...body };
      const answer = await callGateway(gateway, route, { body: route.includes('bulk') ? { keys: [asked] } : asked });
      expect([answer.status, answer.headers['x-latchkey-not-enforced']]).toEqual([200, named]);
    }
  });

  test('names the fields that it does not know, however strange', async () => {
    const { status, headers } = await generate({ colour: 'red', 'bad\nname': 1 });
    expect(status).toBe(200);
    expect(headers['x-latchkey-ignored-fields']).toBe('colour');
  });

  test.each([
    ['llm_api', ['llm_api_routes']],
    ['management', ['management_routes']],
    ['read_only', ['info_routes']],
    ['default', []],
  ])('key_type %s sets the routes that the key may call', async (key_type, allowed_routes) => {
    const { body } = await generate({ key_type });
    expect(body).toMatchObject({ key_type, allowed_routes });
    expect((await callGateway(gateway, `GET /key/info?key=${body.key}`)).body.info).toMatchObject({ key_type });
    const narrower = await generate({ key_type, allowed_routes: ['/embeddings'] });
    expect(narrower.body.allowed_routes).toEqual(['/embeddings']);
  });

  test('key_type opens what it is for and nothing else, whatever the role of its user', async () => {
    const user = { user_id: 'runs-all', user_role: 'proxy_admin', auto_create_key: false };
    expect((await callGateway(gateway, 'POST /user/new', { body: user })).status).toBe(200);
    const other = (await generate({})).body.key_id;
    const chat = { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }] };
    const asked = [
      ['POST /v1/chat/completions', chat],
      ['GET /v1/models', undefined],
      [`GET /key/info?key=${other}`, undefined],
      ['GET /key/list', undefined],
      ['GET /user/info?user_id=runs-all', undefined],
      ['POST /key/update', { key: other, max_budget: 1 }],
      ['POST /team/new', {}],
    ] as const;
    for (const [key_type, ...opened] of [
      ['llm_api', 200, 200, 403, 403, 403, 403, 403],
      ['management', 403, 403, 200, 200, 200, 200, 200],
      ['read_only', 403, 200, 200, 200, 200, 403, 403],
      ['default', 200, 200, 200, 200, 200, 200, 200],
    ] as const) {
      const { key } = (await generate({ key_type, user_id: 'runs-all' })).body;
      const statuses = [];
      for (const [request, body] of asked) statuses.push((await callGateway(gateway, request, { key, body })).status);
      expect([key_type, ...statuses]).toEqual([key_type, ...opened]);
    }
  });

  test('with the same idempotency-key is the same, and with another body a conflict', async () => {
    const header = { 'idempotency-key': 'one' };
    const first = await generate({ max_budget: 1 }, header);
    const before = await total();
    const second = await generate({ max_budget: 1 }, header);
    expect(second.body).toEqual(first.body);
    expect(await total()).toBe(before);
    expect(await generate({ max_budget: 2 }, header)).toMatchObject({
      status: 409,
      body: { error: { param: 'idempotency-key' } },
    });
  });
});

describe('POST /key/generate answers 422 in both envelopes to a wrong type', () => {
  test.each([
    ['max_budget', 'ten'],
    ['max_budget', true],
    ['rpm_limit', 1.5],
    ['rpm_limit', '1.5'],
    ['rpm_limit', {}],
    ['models', 'gpt-4'],
    ['models', [1]],
    ['metadata', 'x'],
    ['metadata', []],
    ['aliases', { a: 1 }],
    ['tags', 'a'],
    ['tags', [1]],
    ['model_rpm_limit', { m: 'x' }],
    ['tag_rpm_limit', { t: 1.5 }],
    ['blocked', 'perhaps'],
    ['duration', 30],
    ['key_alias', 7],
    ['key_type', 'root'],
    ['budget_mode', 'soft'],
    ['permissions', 3],
  ])('%s: %j', async (field, value) => {
    const { status, body } = await generate({ [field]: value });
    expect(status).toBe(422);
    expect(body.error).toMatchObject({ type: 'validation_error', code: '422' });
    expect(body.error.param.split('.')[0]).toBe(field);
    expect(body.detail[0].loc.slice(0, 2)).toEqual(['body', field]);
    expect(body.detail[0].msg).not.toBe('');
  });

  test.each(['[]', '"x"', '5', ''])('a body that is no object: %j', async (text) => {
    expect((await generate(text)).status).toBe(422);
  });

  test('a wrong custom secret is not repeated', async () => {
    const { body } = await generate({ key: ['sk-secret-in-a-list-0001'] });
    expect(JSON.stringify(body)).not.toContain('sk-secret');
  });
});

describe('POST /key/generate answers 400 with the field to what makes no sense, and makes no key', () => {
  test.each([
    [{ max_budget: -1 }, 'max_budget', 'bad_request_error'],
    [{ max_budget: 'NaN' }, 'max_budget', 'bad_request_error'],
    [{ max_budget: 'Infinity' }, 'max_budget', 'bad_request_error'],
    [{ max_budget: 1e30 }, 'max_budget', 'bad_request_error'],
    [{ soft_budget: -0.5 }, 'soft_budget', 'bad_request_error'],
    [{ spend: -1 }, 'spend', 'bad_request_error'],
    [{ rpm_limit: -1 }, 'rpm_limit', 'bad_request_error'],
    [{ tpm_limit: 'nan' }, 'tpm_limit', 'bad_request_error'],
    [{ max_parallel_requests: 1e25 }, 'max_parallel_requests', 'bad_request_error'],
    [{ duration: '30x' }, 'duration', 'bad_request_error'],
    [{ duration: '' }, 'duration', 'bad_request_error'],
    [{ budget_duration: '-1d' }, 'budget_duration', 'bad_request_error'],
    [{ rotation_interval: 'daily' }, 'rotation_interval', 'bad_request_error'],
    [{ aliases: { a: 'no-such-model' } }, 'aliases', 'bad_request_error'],
    [{ model_max_budget: { m: 'x' } }, 'model_max_budget', 'bad_request_error'],
    [{ model_max_budget: { m: { time_period: '1d' } } }, 'model_max_budget', 'bad_request_error'],
    [{ model_max_budget: { m: { max_budget: -1, budget_duration: '1d' } } }, 'model_max_budget', 'bad_request_error'],
    [{ model_max_budget: { m: { budget_limit: 1, time_period: 'x' } } }, 'model_max_budget', 'bad_request_error'],
    [{ model_rpm_limit: { m: -1 } }, 'model_rpm_limit', 'bad_request_error'],
    [{ tag_rpm_limit: { t: -1 } }, 'tag_rpm_limit', 'bad_request_error'],
    [{ metadata: { tag_rpm_limit: { t: 'x' } } }, 'metadata', 'bad_request_error'],
    [{ metadata: { tags: 'a' } }, 'metadata', 'bad_request_error'],
    [{ key_alias: 'x'.repeat(300) }, 'key_alias', 'bad_request_error'],
    [{ user_id: 'a\u0000b' }, 'user_id', 'bad_request_error'],
    [{ key: 'no-prefix-0123456789' }, 'key', 'bad_request_error'],
    [{ key: 'sk-short' }, 'key', 'bad_request_error'],
    [{ key: 'sk-with a blank 0123456789' }, 'key', 'bad_request_error'],
    [{ key: 'sk-lkv1AAAAAAAAAAAAAAAAAAAAAAAAAAAA' }, 'key', 'bad_request_error'],
    [{ send_invite_email: true }, 'send_invite_email', 'auth_error'],
  ])('%j', async (body, param, type) => {
    const before = await total();
    const answer = await generate(body);
    expect(answer).toMatchObject({ status: 400, body: { error: { param, type, code: '400' } } });
    expect(await total()).toBe(before);
  });

  test('malformed JSON, and JSON nested without end', async () => {
    expect((await generate('{"max_budget": NaN}')).status).toBe(400);
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    expect((await generate(`{"metadata": ${deep}}`)).status).toBe(400);
    expect((await generate(`{"unknown_field": ${deep}}`, { 'idempotency-key': 'deep' })).status).toBe(400);
  });

  test('a secret or an alias that exists', async () => {
    const key = 'sk-chosen-by-client-1';
    expect((await generate({ key, key_alias: 'only-one' })).body.key).toBe(key);
    expect(await generate({ key })).toMatchObject({ status: 400, body: { error: { param: 'key' } } });
    const taken = await generate({ key_alias: 'only-one' });
    expect(taken).toMatchObject({ status: 400, body: { error: { param: 'key_alias', type: 'bad_request_error' } } });
    expect(taken.body.error.message).toContain("Key with alias 'only-one' already exists.");
  });
});

test.each(['sk-lkv1-my-own-key-0123456789', 'sk-lkv1AAAAAAAAAAAAAAAAAA', 'sk-QWrxEynunsNpV1zT48HIrw'])(
  'a chosen secret that only begins like a generated one, or is LiteLLM’s, is taken and works: %s',
  async (key) => {
    expect((await generate({ key })).body.key).toBe(key);
    expect((await callGateway(gateway, 'GET /models', { key })).status).toBe(200);
  },
);

test('a secret that a gateway has made can be brought along to another one', async () => {
  const { key } = (await generate({})).body;
  const other = await startTestApp();
  try {
    expect((await callGateway(other, 'POST /key/generate', { body: { key } })).body.key).toBe(key);
    expect((await callGateway(other, 'GET /models', { key })).status).toBe(200);
  } finally {
    await other.close();
  }
});

test('a key without a user makes no keys', async () => {
  const { key } = (await generate({})).body;
  const answer = await callGateway(gateway, 'POST /key/generate', { key, body: {} });
  expect(answer).toMatchObject({ status: 401, body: { error: { type: 'auth_error', code: '401' } } });
  expect(answer.body.error.message).toContain('Only proxy admin can be used to generate');
});
