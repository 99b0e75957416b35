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
