import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const open = (path: `/${string}`) => callGateway(gateway, `GET ${path}`, { key: null });

describe('without a key', () => {
  test.each(['/health/liveliness', '/health/liveness'] as const)('%s says that the process lives', async (path) => {
    expect(await open(path)).toMatchObject({ status: 200, body: "I'm alive!" });
  });

  test('/health/readiness says that the database answers', async () => {
    expect(await open('/health/readiness')).toMatchObject({
      status: 200,
      body: { status: 'healthy', db: 'connected', litellm_version: expect.any(String) },
    });
  });

  test('/test says that a request gets through', async () => {
    expect(await open('/test')).toMatchObject({ status: 200, body: { route: '/test' } });
  });

  test('/ says what this is and where to read on', async () => {
    const { body } = await open('/');
    expect(body).toMatchObject({ name: 'Latchkey', docs: '/docs', openapi: '/openapi.json' });
    for (const path of [body.docs, body.openapi, body.ready]) {
      expect((await gateway.app.inject(path)).statusCode).toBe(200);
    }
  });

  test('/routes lists the routes', async () => {
    const { routes } = (await open('/routes')).body;
    const paths = routes.map(({ path }: { path: string }) => path);
    for (const path of ['/v1/chat/completions', '/chat/completions', '/key/generate', '/key/info', '/spend/logs']) {
      expect(paths).toContain(path);
    }
  });
});

describe('/health/services', () => {
  const check = (query: string, key?: string | null) =>
    callGateway(gateway, `GET /health/services${query}`, key === undefined ? {} : { key });

  test('says that there is no service to check', async () => {
    const { status, body } = await check('?service=slack');
    expect([status, body.error.type, body.error.param]).toEqual([400, 'bad_request_error', 'service']);
    expect(body.error.message).toMatch(/'slack' is not configured/);
  });

  test('needs a key and the name of a service', async () => {
    expect((await check('?service=slack', null)).status).toBe(401);
    expect((await check('')).status).toBe(422);
  });
});

describe('/health/readiness/details', () => {
  const details = (key?: string) =>
    callGateway(gateway, 'GET /health/readiness/details', key === undefined ? {} : { key });

  test('tells administrators, and nobody else, what goes on inside', async () => {
    const { body: made } = await callGateway(gateway, 'POST /key/generate', { body: {} });
    expect((await details(made.key)).status).toBe(401);
    expect((await open('/health/readiness/details')).status).toBe(401);
    expect(await details()).toMatchObject({
      status: 200,
      body: { status: 'healthy', db: 'connected', calls_in_flight: 0, open_holds: 0, journal_backlog: 0 },
    });
  });

  test('no hold is left after a call, and a change of a key moves the change feed on', async () => {
    const before = (await details()).body.change_feed_position;
    const { key } = (await callGateway(gateway, 'POST /key/generate', { body: { rpm_limit: 5 } })).body;
    const messages = [{ role: 'user', content: 'hi' }];
    const answer = await callGateway(gateway, 'POST /v1/chat/completions', { key, body: { model: 'gpt-4', messages } });
    expect(answer.status).toBe(200);
    const { body } = await details();
    expect(body).toMatchObject({ calls_in_flight: 0, open_holds: 0 });
    expect(body.change_feed_position).toBeGreaterThan(before);
  });
});
