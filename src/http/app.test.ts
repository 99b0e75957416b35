import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bearer, closeApps, SECRET, startApp } from './__fixtures__/start-app.ts';
import { policyOf } from './route-policy.ts';

afterEach(closeApps);

describe('every answer', () => {
  test.each([
    ['of a public route', 'GET', '/'],
    ['of a refusal', 'GET', '/models'],
    ['of an unknown path', 'GET', '/nowhere'],
    ['of a wrong method', 'DELETE', '/models'],
    ['of a malformed URL', 'GET', '/%zz'],
  ] as const)('%s carries the ids and the version', async (_name, method, url) => {
    const { app } = await startApp();
    const { headers } = await app.inject({ method, url });
    expect(headers).toMatchObject({
      'x-request-id': 'id-1',
      'x-litellm-call-id': 'id-1',
      'x-litellm-version': '1.2.3',
    });
  });

  test('repeats a call id that the client chose, and keeps its own request id', async () => {
    const { app } = await startApp();
    const { headers } = await app.inject({ url: '/', headers: { 'x-litellm-call-id': 'my-call_1' } });
    expect(headers).toMatchObject({ 'x-request-id': 'id-1', 'x-litellm-call-id': 'my-call_1' });
  });

  test.each(['a b', '<script>', 'x'.repeat(129), ''])('does not repeat %j as call id', async (id) => {
    const { app } = await startApp();
    const { headers } = await app.inject({ url: '/', headers: { 'x-litellm-call-id': id } });
    expect(headers['x-litellm-call-id']).toBe('id-1');
  });
});

describe('paths', () => {
  test.each(['/models/', '//models', '/models//', '///v1//models'])('%s is as good as the plain one', async (url) => {
    const { app } = await startApp();
    expect((await app.inject({ url, headers: bearer(SECRET) })).statusCode).toBe(200);
    expect((await app.inject({ url })).statusCode).toBe(401);
  });

  test.each(['/nowhere', '/key/info/..;/', '/key%2finfo', '/KEY/INFO', '/key/info%00'])(
    '%s is not found or refused, and no key is looked up',
    async (url) => {
      const { app, lookUps } = await startApp();
      const { statusCode } = await app.inject({ url });
      expect([400, 401, 403, 404]).toContain(statusCode);
      expect(lookUps).toEqual([]);
    },
  );

  test('unknown ones get both forms of 404', async () => {
    const { app } = await startApp();
    const response = await app.inject('/nowhere');
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      detail: 'Not Found',
      error: { message: 'Not Found', type: 'not_found_error', param: null, code: '404' },
    });
  });

  test('below one that takes any rest of a path are unknown, not known by another method', async () => {
    const { app } = await startApp();
    expect((await app.inject('/key/nonsense')).statusCode).toBe(404);
  });

  test('with another method get 405 and are told which', async () => {
    const { app } = await startApp();
    const response = await app.inject({ method: 'DELETE', url: '/key/generate?x=1' });
    expect([response.statusCode, response.headers.allow]).toEqual([405, 'POST']);
    expect(response.json()).toMatchObject({ detail: 'Method Not Allowed', error: { code: '405' } });
  });

  test('a name with slashes is one name', async () => {
    const { app } = await startApp();
    const response = await app.inject({ url: '/v1/models/openai/gpt-4o', headers: bearer(SECRET) });
    expect(response.json()).toMatchObject({ id: 'openai/gpt-4o', object: 'model' });
  });
});

describe('the log', () => {
  test('has one line per request, with the pattern and never the URL', async () => {
    const { app, lines } = await startApp();
    await app.inject({ url: `/v1/models/gpt-4?key=${SECRET}`, headers: bearer(SECRET) });
    expect(lines).toMatchObject([
      {
        method: 'GET',
        route: '/v1/models/*',
        status: 200,
        keyId: 'key_1',
        keyMask: 'sk-...AAAA',
        requestId: 'id-1',
      },
    ]);
    expect(lines[0]?.durationMs).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  test('names no key for one that was refused, and no path for one that does not exist', async () => {
    const { app, lines } = await startApp();
    await app.inject({ url: '/models', headers: bearer('sk-BBBBBBBBBBBBBBBBBBBBBB') });
    await app.inject({ url: `/${SECRET}` });
    expect(lines).toMatchObject([
      { route: '/models', status: 401, keyId: null },
      { route: null, status: 404, keyId: null },
    ]);
    expect(JSON.stringify(lines)).not.toContain('AAAAAAAA');
  });

  test('holds the cause of a fault, and the answer one sentence and the request id', async () => {
    const { app, lines } = await startApp({
      listModels: () => {
        throw new Error('the inner reason');
      },
    });
    const response = await app.inject({ url: '/models', headers: bearer(SECRET) });
    expect(response.json()).toEqual({
      error: {
        message: 'Internal Server Error. (request id id-1)',
        type: 'internal_server_error',
        param: null,
        code: '500',
      },
    });
    expect(lines).toMatchObject([
      { msg: 'request failed', request_id: 'id-1', err: { message: 'the inner reason' } },
      { status: 500 },
    ]);
  });
});

describe('a route', () => {
  test.each([
    [undefined, 'access'],
    [{ scope: 'none' }, 'access'],
    [{ access: 'everybody', scope: 'none' }, 'access'],
    [{ access: 'info' }, 'scope'],
    [{ access: 'info', scope: 'all' }, 'scope'],
  ])('that declares %j cannot be registered', (config, missing) => {
    const route = { method: 'GET', url: '/open', config: config as never };
    expect(() => policyOf(route)).toThrow(`route GET /open does not declare config.${missing}`);
  });

  test('cannot be added to a finished app at all', async () => {
    const { app } = await startApp();
    expect(() => app.get('/late', { schema: { response: { 200: z.string() } } }, () => '')).toThrow();
  });
});
