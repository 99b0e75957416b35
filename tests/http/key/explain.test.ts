// What /key/explain takes from the request: the address, the path and the model of the call that is asked about.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const CONFIG = `
model_list:
  - {model_name: demo, litellm_params: {model: openai/demo, mock_response: Hello}}
  - {model_name: other, litellm_params: {model: openai/other, mock_response: Hello}}
general_settings: {allowed_ips: [127.0.0.0/8]}
`;
const messages = [{ role: 'user', content: 'hi' }];
let gateway: TestApp;
let key: string;
beforeAll(async () => {
  gateway = await startTestApp({ config: CONFIG });
  const body = {
    models: ['demo'],
    allowed_routes: ['/openai/deployments/{model}/chat/completions', '/chat/completions'],
  };
  key = (await callGateway(gateway, 'POST /key/generate', { body })).body.key;
});
afterAll(() => gateway.close());

const explain = async (question: object) =>
  (await callGateway(gateway, 'POST /key/explain', { body: { key, model: 'demo', messages, ...question } })).body;

test('an address from which nobody may call is told in the words of the live refusal', async () => {
  const live = await gateway.app.inject({
    method: 'POST',
    url: '/v1/chat/completions',
    headers: { authorization: `Bearer ${key}` },
    payload: { model: 'demo', messages },
    remoteAddress: '192.0.2.1',
  });
  const told = await explain({ ip: '192.0.2.1' });
  expect([live.statusCode, told.allowed]).toEqual([403, false]);
  expect(told.error.message).toBe(live.json().error.message);
  expect(told.rules[0]).toMatchObject({ rule: 'allowed_ips', owner: null, passed: false });
  expect(await explain({ ip: '127.0.0.9' })).toMatchObject({ allowed: true, served_by: 'demo' });
});

test.each([
  ['/openai/deployments/demo/chat/completions', true],
  ['/openai/deployments/other/chat/completions', false],
  ['/chat/completions', true],
  ['/engines/demo/chat/completions', false],
  ['/v1/embeddings', false],
])('a path counts as it does in a live call, with the model in it: %s', async (path, isAllowed) => {
  const body = { ...(path.includes('demo') || path.includes('other') ? {} : { model: 'demo' }), messages, input: 'hi' };
  const live = await callGateway(gateway, `POST ${path}`, { key, body });
  const told = await explain({ model: path.startsWith('/openai') ? undefined : 'demo', route: path });
  expect([live.status === 200, told.allowed]).toEqual([isAllowed, isAllowed]);
  if (!isAllowed) expect(told.error).toEqual(live.body.error);
});

test('of a route on which no model is called, and of a field that no call may have, nothing is explained', async () => {
  for (const [question, param] of [
    [{ route: '/key/generate' }, 'route'],
    [{ route: '/nowhere' }, 'route'],
    [{ route: '/openai/deployments/a/b/moderations' }, 'route'],
    [{ api_base: 'https://elsewhere.example' }, 'api_base'],
  ] as const) {
    const { error } = await explain(question);
    expect([error.code, error.param]).toEqual(['400', param]);
  }
});
