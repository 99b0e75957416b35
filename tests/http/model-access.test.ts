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
