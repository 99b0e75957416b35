// The gateway below a path of its host, as behind a proxy that serves other things beside it.

import { afterEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
afterEach(() => gateway.close());

const start = async (env: Record<string, string>, config?: string) => {
  gateway = await startTestApp({ env, ...(config === undefined ? {} : { config }) });
  return gateway.listen();
};
const json = (base: string, path: string, body?: object) =>
  fetch(base + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${gateway.masterKey}`, 'content-type': 'application/json' },
    redirect: 'manual',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

describe.each(['/', '/a', '/a/b'])('below %s', (rootPath) => {
  const prefix = rootPath === '/' ? '' : rootPath;

  test('everything is served: calls, management, documents, probes', async () => {
    const url = await start({ SERVER_ROOT_PATH: rootPath });
    const made = await json(url, `${prefix}/key/generate`, { user_id: null });
    expect(made.status).toBe(200);
    const call = { model: 'mock-gpt', messages: [{ role: 'user', content: 'Hi' }] };
    for (const path of ['/v1/chat/completions', '/chat/completions', '/v1/chat/completions/']) {
      const answer = await json(url, prefix + path, call);
      expect([path, answer.status]).toEqual([path, 200]);
      await answer.text();
    }
    const probed = [...new Set([`${prefix}/health/readiness`, '/health/readiness', '/health/liveliness'])];
    for (const path of probed) expect([path, (await json(url, path)).status]).toEqual([path, 200]);
    expect((await json(url, `${prefix}/x/health/readiness`)).status).toBe(404);

    const document = (await (await json(url, `${prefix}/openapi.json`)).json()) as { servers: unknown };
    expect(document.servers).toEqual([{ url: rootPath }]);
    expect((await json(url, `${prefix}/redoc`)).headers.get('location')).toBe(`${prefix}/docs`);
    expect(await (await json(url, `${prefix}/`)).json()).toMatchObject({ docs: `${prefix}/docs` });
    const page = await (await json(url, `${prefix}/docs`)).text();
    const [, script = ''] = /src="([^"]*swagger-initializer\.js)"/.exec(page) ?? [];
    expect(script.startsWith(`${prefix}/docs/`)).toBe(true);
    expect((await json(url, script)).status).toBe(200);

    const login = await json(url, `${prefix}/login`, { username: 'admin', password: gateway.masterKey });
    expect(login.headers.get('set-cookie')).toContain(`Path=${rootPath};`);
  });
});

test('where a proxy behind a trusted address takes model calls past the direct path, they are served as well', async () => {
  const config = `
model_list: [{model_name: mock-gpt, litellm_params: {model: openai/mock, mock_response: hi}}]
general_settings: {server_root_path: /a/, trusted_proxies: [127.0.0.1]}
`;
  const url = await start({}, config);
  const call = { model: 'mock-gpt', messages: [{ role: 'user', content: 'Hi' }] };
  expect((await json(url, '/a/v1/chat/completions', call)).status).toBe(200);
});
