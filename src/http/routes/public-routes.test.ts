import { afterEach, describe, expect, test } from 'vitest';
import { closeApps, startApp } from '../__fixtures__/start-app.ts';

afterEach(closeApps);

describe('the public pages', () => {
  test('liveness is a JSON string', async () => {
    const { app } = await startApp();
    for (const url of ['/health/liveliness', '/health/liveness']) {
      const response = await app.inject(url);
      expect(response.json()).toBe("I'm alive!");
    }
  });

  test('readiness follows the database', async () => {
    const up = await startApp();
    expect((await up.app.inject('/health/readiness')).json()).toEqual({
      status: 'healthy',
      db: 'connected',
      litellm_version: '1.2.3',
    });
    await up.app.close();
    const down = await startApp({ pingDatabase: () => Promise.reject(new Error('down')) });
    const response = await down.app.inject('/health/readiness');
    expect([response.statusCode, response.json().db]).toEqual([503, 'unreachable']);
  });

  test('readiness asked by many at once is one question to the database', async () => {
    let pings = 0;
    let answer = (): void => {};
    const pingDatabase = (): Promise<void> => {
      pings += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const { app } = await startApp({ pingDatabase });
    const many = Promise.all(Array.from({ length: 20 }, () => app.inject('/health/readiness')));
    await expect.poll(() => pings).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    answer();
    expect((await many).map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(200));
    expect(pings).toBe(1);
  });

  test('/routes lists what is there', async () => {
    const { app } = await startApp();
    const { routes } = (await app.inject('/routes')).json();
    expect(routes).toContainEqual({ path: '/key/generate', methods: ['POST'] });
  });

  test('/openapi.json describes the model calls and the management, in OpenAPI 3.1', async () => {
    const { app } = await startApp();
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
    const { app } = await startApp();
    const page = await app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/(src|href)="https?:/);
    expect((await app.inject('/docs/static/swagger-ui-bundle.js')).statusCode).toBe(200);
    expect((await app.inject('/redoc')).headers.location).toBe('/docs');
  });
});
