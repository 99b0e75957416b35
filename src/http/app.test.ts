import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createMasterKeyCheck } from '../auth/master-key.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { KeyRecord } from '../core/key.ts';
import { sha256Hex } from '../core/key-secret.ts';
import { type AppDeps, createApp } from './app.ts';
import type { App } from './app-instance.ts';

const MASTER = 'sk-the-master-key-of-this-test';
const SECRET = 'sk-AAAAAAAAAAAAAAAAAAAAAA';
const LIMIT = 2_000;

const key = {
  keyId: 'key_1',
  mask: 'sk-...AAAA',
  userId: null,
  blocked: null,
  expiresAtMs: null,
  deletedAtMs: null,
  permissions: {},
  allowedRoutes: [] as readonly string[],
} as unknown as KeyRecord;

let app: App | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** An app over fakes: one key, no models, and whatever a test needs to be otherwise. */
async function start(overrides: Partial<AppDeps> = {}, record: Partial<KeyRecord> = {}) {
  const lines: Record<string, unknown>[] = [];
  const lookUps: string[] = [];
  let ids = 0;
  const deps = {
    logger: pino(
      new Writable({
        write(line, _encoding, done) {
          lines.push(JSON.parse(String(line)));
          done();
        },
      }),
    ),
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    version: '1.2.3',
    bodyLimitBytes: LIMIT,
    trustedProxies: [],
    identify: {
      keyCache: {
        lookup(hash: string) {
          lookUps.push(hash);
          if (hash !== sha256Hex(SECRET)) return undefined;
          return { key: { ...key, ...record }, secret: { hash, keyId: 'key_1', createdAtMs: 0, revokedAtMs: null } };
        },
      },
      isMasterKeyHash: createMasterKeyCheck([sha256Hex(MASTER)]).isMasterKeyHash,
      nowMs: () => 0,
      keyHeaderName: null,
    },
    isIpAllowed: null,
    publicRoutes: [],
    pingDatabase: () => Promise.resolve(),
    listModels: () => ['gpt-4', 'openai/gpt-4o'],
    listDeployments: () => [],
    ...overrides,
  } as unknown as AppDeps;
  app = await createApp(deps);
  return { app, lines, lookUps };
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe('every answer', () => {
  test.each([
    ['of a public route', 'GET', '/'],
    ['of a refusal', 'GET', '/models'],
    ['of an unknown path', 'GET', '/nowhere'],
    ['of a wrong method', 'DELETE', '/models'],
    ['of a malformed URL', 'GET', '/%zz'],
  ] as const)('%s carries the ids and the version', async (_name, method, url) => {
    const { app } = await start();
    const { headers } = await app.inject({ method, url });
    expect(headers).toMatchObject({
      'x-request-id': 'id-1',
      'x-litellm-call-id': 'id-1',
      'x-litellm-version': '1.2.3',
    });
  });

  test('repeats a call id that the client chose, and keeps its own request id', async () => {
    const { app } = await start();
    const { headers } = await app.inject({ url: '/', headers: { 'x-litellm-call-id': 'my-call_1' } });
    expect(headers).toMatchObject({ 'x-request-id': 'id-1', 'x-litellm-call-id': 'my-call_1' });
  });

  test.each(['a b', '<script>', 'x'.repeat(129), ''])('does not repeat %j as call id', async (id) => {
    const { app } = await start();
    const { headers } = await app.inject({ url: '/', headers: { 'x-litellm-call-id': id } });
    expect(headers['x-litellm-call-id']).toBe('id-1');
  });
});

describe('paths', () => {
  test.each(['/models/', '//models', '/models//', '///v1//models'])('%s is as good as the plain one', async (url) => {
    const { app } = await start();
    expect((await app.inject({ url, headers: bearer(SECRET) })).statusCode).toBe(200);
    expect((await app.inject({ url })).statusCode).toBe(401);
  });

  test.each(['/nowhere', '/key/info/..;/', '/key%2finfo', '/KEY/INFO', '/key/info%00'])(
    '%s is not found or refused, and no key is looked up',
    async (url) => {
      const { app, lookUps } = await start();
      const { statusCode } = await app.inject({ url });
      expect([400, 401, 403, 404]).toContain(statusCode);
      expect(lookUps).toEqual([]);
    },
  );

  test('unknown ones get both forms of 404', async () => {
    const { app } = await start();
    const response = await app.inject('/nowhere');
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      detail: 'Not Found',
      error: { message: 'Not Found', type: 'not_found_error', param: null, code: '404' },
    });
  });

  test('below one that takes any rest of a path are unknown, not known by another method', async () => {
    const { app } = await start();
    expect((await app.inject('/key/nonsense')).statusCode).toBe(404);
  });

  test('with another method get 405 and are told which', async () => {
    const { app } = await start();
    const response = await app.inject({ method: 'DELETE', url: '/key/generate?x=1' });
    expect([response.statusCode, response.headers.allow]).toEqual([405, 'POST']);
    expect(response.json()).toMatchObject({ detail: 'Method Not Allowed', error: { code: '405' } });
  });

  test('a name with slashes is one name', async () => {
    const { app } = await start();
    const response = await app.inject({ url: '/v1/models/openai/gpt-4o', headers: bearer(SECRET) });
    expect(response.json()).toMatchObject({ id: 'openai/gpt-4o', object: 'model' });
  });
});

describe('authentication', () => {
  test.each([
    '/models',
    '/v1/models',
    '/model/info',
    '/model_group/info',
    '/health',
    '/spend/logs',
    '/spend/logs/v2',
    '/spend/keys',
    '/spend/tags',
    '/global/spend',
    '/global/spend/keys',
    '/global/spend/models',
    '/global/spend/logs',
    '/global/spend/tags',
    '/key/info',
    '/key/list',
  ])('%s asks for a key', async (url) => {
    const { app } = await start();
    expect((await app.inject(url)).json()).toMatchObject({ error: { type: 'auth_error', code: '401' } });
  });

  test('happens before the body is read', async () => {
    const { app } = await start();
    const response = await app.inject({ method: 'POST', url: '/key/generate', payload: 'x'.repeat(LIMIT * 2) });
    expect(response.statusCode).toBe(401);
  });

  test('a plain key may not manage keys nor read the spend of all', async () => {
    const { app } = await start();
    for (const [method, url] of [
      ['POST', '/key/generate'],
      ['GET', '/global/spend'],
    ] as const) {
      const response = await app.inject({ method, url, headers: bearer(SECRET) });
      expect(response.statusCode).toBe(401);
      expect(response.json().error.message).toContain(`Only proxy admin can be used to`);
      expect(response.json().error.message).toContain(`Route=${url}. Your role=unknown`);
    }
  });

  test("a key's allowed_routes narrow what it may call, on the route that was matched", async () => {
    const { app } = await start({}, { allowedRoutes: ['/health'] });
    const refused = await app.inject({ url: '//v1/models/?x=/health', headers: bearer(SECRET) });
    expect(refused.statusCode).toBe(403);
    expect(refused.json().error.message).toContain('not allowed to call this route');
    expect((await app.inject({ url: '/health', headers: bearer(SECRET) })).statusCode).toBe(200);
  });

  test('addresses that are not on the list are turned away first', async () => {
    const { app, lookUps } = await start({ isIpAllowed: (ip) => ip === '10.0.0.1' });
    const response = await app.inject({ url: '/models', headers: bearer(SECRET) });
    expect([response.statusCode, response.json().error.message]).toEqual([
      403,
      'Access forbidden: IP address not allowed.',
    ]);
    expect(lookUps).toEqual([]);
    expect((await app.inject({ url: '/health/liveness' })).statusCode).toBe(200);
    const allowed = { url: '/models', headers: bearer(SECRET), remoteAddress: '10.0.0.1' };
    expect((await app.inject(allowed)).statusCode).toBe(200);
  });

  test('x-forwarded-for is believed from a configured proxy only', async () => {
    const isIpAllowed = (ip: string) => ip === '10.9.9.9';
    const request = {
      url: '/models',
      headers: { ...bearer(SECRET), 'x-forwarded-for': '10.9.9.9' },
      remoteAddress: '10.0.0.1',
    };
    const stranger = await start({ isIpAllowed });
    expect((await stranger.app.inject(request)).statusCode).toBe(403);
    await stranger.app.close();
    const proxied = await start({ isIpAllowed, trustedProxies: ['10.0.0.0/8'] });
    expect((await proxied.app.inject(request)).statusCode).toBe(200);
  });

  test('a public route by configuration needs no key, yet never becomes an administrator’s', async () => {
    const { app } = await start({ publicRoutes: ['/models', '/key/generate'] });
    expect((await app.inject('/models')).statusCode).toBe(200);
    expect((await app.inject({ method: 'POST', url: '/key/generate', payload: {} })).statusCode).toBe(401);
  });

  test('a database that is down is 503 with retry-after, never 401', async () => {
    const lookup = () =>
      Promise.reject(new GatewayError('database_unavailable', 'No connected db.', { retryAfterMs: 1_200 }));
    const { app } = await start();
    await app.close();
    const failing = await start({
      identify: { keyCache: { lookup }, isMasterKeyHash: () => false, nowMs: () => 0, keyHeaderName: null },
    });
    const response = await failing.app.inject({ url: '/models', headers: bearer(SECRET) });
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '2']);
    expect(response.json().error).toMatchObject({ type: 'no_db_connection', code: '503' });
  });

  test('a host header or an absolute URL changes nothing', async () => {
    const { app } = await start();
    expect((await app.inject({ url: '/models', headers: { host: 'localhost/health/liveness?' } })).statusCode).toBe(
      401,
    );
    expect((await app.inject({ url: 'http://evil.example/models' })).statusCode).toBe(401);
  });
});

describe('bodies', () => {
  test.each([
    ['{"key": "sk-secret-secret-secret"', 'application/json', 400, 'not valid JSON'],
    ['not json sk-secret-secret-secret', 'text/plain', 415, 'has to be JSON'],
    ['{"__proto__": {"role": "admin"}}', 'application/json', 400, 'not valid JSON'],
  ])('%s is refused without an echo', async (payload, type, status, words) => {
    const { app } = await start();
    const response = await app.inject({
      method: 'POST',
      url: '/spend/calculate',
      headers: { ...bearer(MASTER), 'content-type': type },
      payload,
    });
    expect(response.statusCode).toBe(status);
    expect(response.json().error.message).toContain(words);
    expect(response.body).not.toContain('secret-secret');
  });

  test('JSON without a content type, or with a form’s, is JSON all the same', async () => {
    const { app } = await start();
    for (const type of [undefined, 'application/x-www-form-urlencoded', 'text/plain;charset=UTF-8']) {
      const response = await app.inject({
        method: 'POST',
        url: '/spend/calculate',
        headers: { ...bearer(MASTER), ...(type === undefined ? {} : { 'content-type': type }) },
        payload: '{"model": 7}',
      });
      expect(response.json().detail).toMatchObject([{ loc: ['body', 'model'] }]);
    }
  });

  test('one that is too large is 413 and names the limit', async () => {
    const { app } = await start();
    const response = await app.inject({
      method: 'POST',
      url: '/spend/calculate',
      headers: bearer(MASTER),
      payload: { messages: 'x'.repeat(LIMIT) },
    });
    expect(response.statusCode).toBe(413);
    expect(response.json().error.message).toContain(`${LIMIT} bytes`);
  });

  test('a field of the wrong type is 422, in the envelope and in FastAPI’s form', async () => {
    const { app } = await start();
    const response = await app.inject({
      method: 'POST',
      url: '/spend/calculate',
      headers: bearer(MASTER),
      payload: { model: 7 },
    });
    expect(response.statusCode).toBe(422);
    expect(response.json()).toEqual({
      error: {
        message: 'model: Invalid input: expected string, received number',
        type: 'validation_error',
        param: 'model',
        code: '422',
      },
      detail: [
        {
          type: 'string_type',
          loc: ['body', 'model'],
          msg: 'Invalid input: expected string, received number',
          input: 7,
        },
      ],
    });
  });

  test('a query parameter out of bounds is 422 and named', async () => {
    const { app } = await start();
    const response = await app.inject({ url: '/spend/logs/v2?page_size=101', headers: bearer(MASTER) });
    expect(response.json()).toMatchObject({
      error: { param: 'page_size', code: '422' },
      detail: [{ loc: ['query', 'page_size'], type: 'less_than_equal', input: '101' }],
    });
  });
});

describe('the log', () => {
  test('has one line per request, with the pattern and never the URL', async () => {
    const { app, lines } = await start();
    await app.inject({ url: `/v1/models/gpt-4?key=${SECRET}`, headers: bearer(SECRET) });
    expect(lines).toMatchObject([
      {
        method: 'GET',
        route: '/v1/models/*',
        status: 200,
        key_id: 'key_1',
        key_mask: 'sk-...AAAA',
        request_id: 'id-1',
        msg: 'request',
      },
    ]);
    expect(lines[0]?.duration_ms).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  test('names no key for one that was refused, and no path for one that does not exist', async () => {
    const { app, lines } = await start();
    await app.inject({ url: '/models', headers: bearer('sk-BBBBBBBBBBBBBBBBBBBBBB') });
    await app.inject({ url: `/${SECRET}` });
    expect(lines).toMatchObject([
      { route: '/models', status: 401, key_id: null },
      { route: null, status: 404, key_id: null },
    ]);
    expect(JSON.stringify(lines)).not.toContain('AAAAAAAA');
  });

  test('holds the cause of a fault, and the answer one sentence and the request id', async () => {
    const { app, lines } = await start({
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

describe('the public pages', () => {
  test('liveness is a JSON string', async () => {
    const { app } = await start();
    for (const url of ['/health/liveliness', '/health/liveness']) {
      const response = await app.inject(url);
      expect(response.json()).toBe("I'm alive!");
    }
  });

  test('readiness follows the database', async () => {
    const up = await start();
    expect((await up.app.inject('/health/readiness')).json()).toEqual({
      status: 'healthy',
      db: 'connected',
      litellm_version: '1.2.3',
    });
    await up.app.close();
    const down = await start({ pingDatabase: () => Promise.reject(new Error('down')) });
    const response = await down.app.inject('/health/readiness');
    expect([response.statusCode, response.json().db]).toEqual([503, 'unreachable']);
  });

  test('/routes lists what is there', async () => {
    const { app } = await start();
    const { routes } = (await app.inject('/routes')).json();
    expect(routes).toContainEqual({ path: '/key/generate', methods: ['POST'] });
  });

  test('/openapi.json describes the model calls and the management, in OpenAPI 3.1', async () => {
    const { app } = await start();
    const document = (await app.inject('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/chat/completions', '/v1/embeddings', '/key/generate', '/spend/logs', '/v1/models']),
    );
    expect(document.paths['/v1/chat/completions'].post.requestBody.content['application/json'].schema.required).toEqual(
      expect.arrayContaining(['model', 'messages']),
    );
  });

  test('/docs comes from this process alone, and /redoc leads to it', async () => {
    const { app } = await start();
    const page = await app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/(src|href)="https?:/);
    expect((await app.inject('/docs/static/swagger-ui-bundle.js')).statusCode).toBe(200);
    expect((await app.inject('/redoc')).headers.location).toBe('/docs');
  });
});

describe('a route', () => {
  test('without an access cannot be registered', async () => {
    const { policyOf } = await import('./route-policy.ts');
    expect(() => policyOf({ method: 'GET', url: '/open' })).toThrow('route GET /open does not declare config.access');
    expect(() => policyOf({ method: 'GET', url: '/open', config: { access: 'everybody' as 'public' } })).toThrow();
  });

  test('cannot be added to a finished app at all', async () => {
    const { app } = await start();
    expect(() => app.get('/late', { schema: { response: { 200: z.string() } } }, () => '')).toThrow();
  });
});
