import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const make = async (body: object) => (await callGateway(gateway, 'POST /key/generate', { body })).body.key as string;
const chat = (key: string, more: object = {}) =>
  callGateway(gateway, 'POST /v1/chat/completions', {
    key,
    body: { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }], ...more },
  });

describe('all-team-models', () => {
  test('restricts a key without a team to nothing', async () => {
    const key = await make({ models: ['all-team-models'] });
    expect((await chat(key)).status).toBe(200);
    expect((await callGateway(gateway, 'GET /v1/models', { key })).body.data).toHaveLength(4);
  });

  test('allows nothing to a key whose team is not known', async () => {
    const key = await make({ models: ['all-team-models'], team_id: 'a-team' });
    const { status, body } = await chat(key);
    expect([status, body.error.type]).toEqual([403, 'key_model_access_denied']);
    expect((await callGateway(gateway, 'GET /v1/models', { key })).body.data).toEqual([]);
  });
});

describe('fallbacks that a client names', () => {
  test.each([
    ['a name', ['gpt-4']],
    ['a name after others', ['mock-gpt', 'gpt-4']],
    ['a model', [{ model: 'gpt-4', temperature: 0 }]],
    ['a list for a model', [{ 'mock-gpt': ['mock-gpt', 'gpt-4'] }]],
    ['one that is no list', 'gpt-4'],
    ['a model that does not exist', ['no-such-model']],
  ])('are refused when the key may not call them: %s', async (_case, fallbacks) => {
    const { status, body } = await chat(await make({ models: ['mock-gpt'] }), { fallbacks });
    expect([status, body.error.type]).toEqual([403, 'key_model_access_denied']);
    expect(body.error.message).toMatch(/only access models=\['mock-gpt'\]\. Tried to access (gpt-4|no-such-model)$/);
  });

  test.each([
    ['for long prompts', { context_window_fallbacks: [{ 'mock-gpt': ['gpt-4'] }] }],
    ['for refused prompts', { content_policy_fallbacks: ['gpt-4'] }],
    ['in settings of the call', { router_settings_override: { fallbacks: [{ 'mock-gpt': ['gpt-4'] }] } }],
    ['of a fallback', { fallbacks: [{ 'mock-gpt': [{ model: 'mock-gpt', fallbacks: [{ 'mock-gpt': ['gpt-4'] }] }] }] }],
  ])('are refused wherever they stand: %s', async (_where, body) => {
    const { status, body: answer } = await chat(await make({ models: ['mock-gpt'] }), body);
    expect([status, answer.error.type]).toEqual([403, 'key_model_access_denied']);
    expect((await chat(await make({ models: ['mock-gpt', 'gpt-4'] }), body)).status).toBe(200);
  });

  test.each([[['gpt-4', 'short']], [[{ model: 'gpt-4' }]], [[]], [null]])(
    'do not matter when the key may: %j',
    async (fallbacks) => {
      const key = await make({ models: ['mock-gpt', 'gpt-4'], aliases: { short: 'gpt-4' } });
      expect((await chat(key, { fallbacks })).status).toBe(200);
    },
  );

  test('cannot be without end', async () => {
    const { status, body } = await chat(await make({}), { fallbacks: Array(101).fill('gpt-4') });
    expect([status, body.error.param]).toEqual([400, 'fallbacks']);
  });
});

describe('a model that a wildcard with a provider serves', () => {
  const CONFIG = JSON.stringify({
    model_list: [
      {
        model_name: 'openai/gpt-9*',
        litellm_params: { model: 'openai/gpt-9*', mock_response: 'nine' },
        model_info: { access_groups: ['nines'] },
      },
    ],
  });
  let wild: TestApp;
  beforeAll(async () => {
    wild = await startTestApp({ config: CONFIG });
  });
  afterAll(() => wild.close());

  const keyFor = async (body: object) => (await callGateway(wild, 'POST /key/generate', { body })).body.key as string;
  const ask = async (key: string, model: string) => {
    const body = { model, messages: [{ role: 'user', content: 'hi' }] };
    return (await callGateway(wild, 'POST /v1/chat/completions', { key, body })).status;
  };

  test('is found by its bare name, too', async () => {
    const key = await keyFor({});
    expect([await ask(key, 'openai/gpt-9-nano'), await ask(key, 'gpt-9-nano')]).toEqual([200, 200]);
    expect([await ask(key, 'gpt-8'), await ask(key, 'azure/gpt-9-nano'), await ask(key, 'mine')]).toEqual([
      400, 400, 400,
    ]);
  });

  test('is opened under both names by its access group', async () => {
    const key = await keyFor({ models: ['nines'] });
    expect([await ask(key, 'openai/gpt-9-nano'), await ask(key, 'gpt-9-nano')]).toEqual([200, 200]);
    expect(await ask(key, 'gpt-8')).toBe(403);
  });

  test.each([
    ['gpt-9-nano', 'openai/gpt-9-nano'],
    ['openai/gpt-9-nano', 'gpt-9-nano'],
    ['openai/gpt-9*', 'gpt-9-nano'],
  ])('is limited under every name: a limit of %s holds for %s', async (limited, called) => {
    const key = await keyFor({ model_rpm_limit: { [limited]: 1 } });
    expect([await ask(key, called), await ask(key, called)]).toEqual([200, 429]);
    expect(await ask(key, called === 'gpt-9-nano' ? 'openai/gpt-9-nano' : 'gpt-9-nano')).toBe(429);
  });
});

describe('aliases of a key', () => {
  const listed = async (key: string) =>
    (await callGateway(gateway, 'GET /v1/models', { key })).body.data.map(({ id }: { id: string }) => id);

  test('are listed where they can be called, and can be called where they are listed', async () => {
    const key = await make({
      models: ['mock-gpt'],
      aliases: { mine: 'mock-gpt', theirs: 'gpt-4' },
    });
    expect(await listed(key)).toEqual(['mock-gpt', 'mine']);
    expect((await chat(key, { model: 'mine' })).status).toBe(200);
    expect((await callGateway(gateway, 'GET /v1/models/mine', { key })).body.id).toBe('mine');
    const { status, body } = await chat(key, { model: 'theirs' });
    expect([status, body.error.type]).toEqual([403, 'key_model_access_denied']);
  });
});
