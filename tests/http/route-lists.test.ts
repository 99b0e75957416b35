// `general_settings.allowed_routes` and `admin_only_routes`: decided on the route that runs, whoever calls it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditRowsOf } from '../support/audit-rows.ts';
import { type Answer, type CallOptions, callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const MODELS = `
model_list:
  - model_name: demo
    litellm_params: {model: openai/demo, mock_response: Hi}
general_settings:`;
const CHAT = { model: 'demo', messages: [{ role: 'user', content: 'Hi' }] };
const logs: string[] = [];

/** A gateway with these settings, and a caller for a key of one of its users. */
async function start(settings: string) {
  const gateway = await startTestApp({ config: `${MODELS}\n${settings}`, onLog: (line) => logs.push(line) });
  const call = (request: string, options?: CallOptions): Promise<Answer> => callGateway(gateway, request, options);
  return { gateway, call };
}

describe('admin_only_routes', () => {
  let gateway: TestApp;
  let call: Awaited<ReturnType<typeof start>>['call'];
  let key: string;
  beforeAll(async () => {
    const settings = '  admin_only_routes: [/key/generate, "/key/{key}/regenerate", /chat/completions, /nowhere]';
    ({ gateway, call } = await start(settings));
    await call('POST /user/new', { body: { user_id: 'ada', user_role: 'internal_user', auto_create_key: false } });
    key = (await call('POST /key/generate', { body: { user_id: 'ada' } })).body.key;
  });
  afterAll(() => gateway.close());

  test.each([
    ['POST /key/generate', {}],
    ['POST //key/generate/', {}],
    ['POST /key/some/regenerate', {}],
    ['POST /chat/completions', CHAT],
    ['POST /v1/chat/completions', CHAT],
  ])('%s is not for others', async (request, body) => {
    const { status, body: answer } = await call(request, { key, body });
    expect(status).toBe(403);
    expect(answer.error.message).toMatch(/^user not allowed to access this route\. Route=.* is an admin only route$/);
  });

  test('administrators call them, and all other routes are as they were', async () => {
    expect((await call('POST /v1/chat/completions', { body: CHAT })).status).toBe(200);
    expect((await call('POST /key/update', { key, body: { key, key_alias: 'mine' } })).status).toBe(200);
    expect((await call('GET /v1/models', { key })).status).toBe(200);
  });

  test('a refused attempt is in the audit log', async () => {
    const rows = await auditRowsOf(gateway, () => call('POST /key/generate', { key, body: {} }));
    expect(rows).toMatchObject([{ action: 'denied', updated_values: { status: 403 } }]);
  });

  test('/key/explain says so too', async () => {
    const { body } = await call('POST /key/explain', { body: { key, model: 'demo' } });
    expect(body).toMatchObject({ allowed: false, error: { code: '403' } });
    expect(body.error.message).toContain('is an admin only route');
  });

  test('one that is not there is named in the log', () => {
    const line = logs.find((text) => text.includes('general_settings.admin_only_routes')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ level: 40, routes: ['/nowhere'] });
  });
});

describe('allowed_routes', () => {
  test('close every other route, to administrators as well, but never the public ones', async () => {
    const { gateway, call } = await start('  allowed_routes: [LiteLLMRoutes.openai_routes, /key/*, /model/info]');
    const { key } = (await call('POST /key/generate', { body: {} })).body;
    expect((await call('POST /v1/chat/completions', { key, body: CHAT })).status).toBe(200);
    expect((await call('GET /v1/models', { key })).status).toBe(200);
    expect((await call('GET /v1/model/info')).status).toBe(200);
    expect((await call('GET /health/liveliness', { key: null })).status).toBe(200);
    for (const [request, body] of [
      ['POST /user/new', {}],
      ['GET /spend/logs', undefined],
      ['GET /audit', undefined],
    ] as const) {
      const { status, body: answer } = await call(request, { body });
      expect(status).toBe(403);
      expect(answer.error.message).toContain(`Access forbidden: Route ${request.split(' ')[1]} not allowed`);
    }
    await gateway.close();
  });

  test('an empty list leaves the public ones', async () => {
    const { gateway, call } = await start('  allowed_routes: []');
    expect((await call('GET /v1/models')).status).toBe(403);
    expect((await call('GET /health/liveliness')).status).toBe(200);
    await gateway.close();
  });

  test('what is neither a path nor a group of routes stops the start', async () => {
    await expect(start('  allowed_routes: [chat]')).rejects.toThrow('expected a path that begins with /, or a group');
  });
});
