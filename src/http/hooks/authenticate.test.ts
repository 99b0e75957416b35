import { afterEach, describe, expect, test } from 'vitest';
import { NO_STANDING } from '../../core/call-path.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { BODY_LIMIT, bearer, closeApps, SECRET, startApp } from '../__fixtures__/start-app.ts';

afterEach(closeApps);

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
    const { app } = await startApp();
    expect((await app.inject(url)).json()).toMatchObject({ error: { type: 'auth_error', code: '401' } });
  });

  test('happens before the body is read', async () => {
    const { app } = await startApp();
    const response = await app.inject({ method: 'POST', url: '/key/generate', payload: 'x'.repeat(BODY_LIMIT * 2) });
    expect(response.statusCode).toBe(401);
  });

  test('a plain key may not manage keys nor read the spend of all', async () => {
    const { app } = await startApp();
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
    const { app } = await startApp({}, { allowedRoutes: ['/health'] });
    const refused = await app.inject({ url: '//v1/models/?x=/health', headers: bearer(SECRET) });
    expect(refused.statusCode).toBe(403);
    expect(refused.json().error.message).toContain('not allowed to call this route');
    expect((await app.inject({ url: '/health', headers: bearer(SECRET) })).statusCode).toBe(200);
  });

  test('addresses that are not on the list are turned away first', async () => {
    const { app, lookUps } = await startApp({ isIpAllowed: (ip) => ip === '10.0.0.1' });
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
    const stranger = await startApp({ isIpAllowed });
    expect((await stranger.app.inject(request)).statusCode).toBe(403);
    await stranger.app.close();
    const proxied = await startApp({ isIpAllowed, trustedProxies: ['10.0.0.0/8'] });
    expect((await proxied.app.inject(request)).statusCode).toBe(200);
  });

  test('a public route by configuration needs no key, yet never becomes an administrator’s', async () => {
    const { app } = await startApp({ publicRoutes: ['/models', '/key/generate'] });
    expect((await app.inject('/models')).statusCode).toBe(200);
    expect((await app.inject({ method: 'POST', url: '/key/generate', payload: {} })).statusCode).toBe(401);
  });

  test('a database that is down is 503 with retry-after, never 401', async () => {
    const lookup = () =>
      Promise.reject(new GatewayError('database_unavailable', 'No connected db.', { retryAfterMs: 1_200 }));
    const { app } = await startApp();
    await app.close();
    const failing = await startApp({
      identify: {
        keyCache: { lookup },
        owners: { standingOf: () => NO_STANDING },
        changesHeard: () => 0,
        whenCurrent: () => undefined,
        isMasterKeyHash: () => false,
        nowMs: () => 0,
        keyHeaderName: null,
      },
    });
    const response = await failing.app.inject({ url: '/models', headers: bearer(SECRET) });
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '2']);
    expect(response.json().error).toMatchObject({ type: 'no_db_connection', code: '503' });
  });

  test('a host header or an absolute URL changes nothing', async () => {
    const { app } = await startApp();
    expect((await app.inject({ url: '/models', headers: { host: 'localhost/health/liveness?' } })).statusCode).toBe(
      401,
    );
    expect((await app.inject({ url: 'http://evil.example/models' })).statusCode).toBe(401);
  });
});

test('a key is held to its allowed_ips on every route that needs one', async () => {
  const { app } = await startApp({}, { allowedIps: ['10.0.0.0/8'] });
  const ask = (url: string, remoteAddress: string) => app.inject({ url, headers: bearer(SECRET), remoteAddress });
  const refused = await ask('/models', '192.0.2.1');
  expect([refused.statusCode, refused.json().error.param]).toEqual([403, 'allowed_ips']);
  expect((await ask('/models', '10.1.2.3')).statusCode).toBe(200);
  expect((await ask('/', '192.0.2.1')).statusCode).toBe(200);
});
