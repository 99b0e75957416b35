import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
// biome-ignore lint/suspicious/noExplicitAny: the document is looked into, member by member
let document: any;
beforeAll(async () => {
  gateway = await startTestApp();
  document = (await callGateway(gateway, 'GET /openapi.json', { key: null })).body;
});
afterAll(() => gateway.close());

describe('the document', () => {
  test('is OpenAPI 3.1 and tells how to authenticate', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
  });

  test.each([
    ['post', '/v1/chat/completions'],
    ['post', '/chat/completions'],
    ['post', '/v1/completions'],
    ['post', '/v1/embeddings'],
    ['get', '/v1/models'],
    ['post', '/key/generate'],
    ['post', '/key/update'],
    ['post', '/key/delete'],
    ['get', '/key/info'],
    ['post', '/v2/key/info'],
    ['post', '/key/{key}/regenerate'],
    ['post', '/key/regenerate'],
    ['get', '/key/list'],
    ['post', '/key/block'],
    ['post', '/key/unblock'],
    ['post', '/key/health'],
    ['post', '/key/explain'],
    ['get', '/spend/logs'],
    ['get', '/spend/logs/v2'],
    ['get', '/spend/keys'],
    ['get', '/spend/tags'],
    ['post', '/spend/calculate'],
    ['get', '/global/spend'],
    ['get', '/global/spend/keys'],
    ['get', '/global/spend/models'],
    ['get', '/health/readiness'],
    ['get', '/health/services'],
    ['get', '/spend/users'],
    ['get', '/v2/model/info'],
    ['post', '/utils/token_counter'],
    ['get', '/test'],
  ])('describes %s %s', (method, path) => {
    expect(document.paths[path]?.[method]).toMatchObject({
      summary: expect.stringMatching(/\S/),
      tags: [expect.any(String)],
    });
  });

  test('has bodies and replies from the schemas that are enforced', () => {
    const generate = document.paths['/key/generate'].post;
    const { properties } = generate.requestBody.content['application/json'].schema;
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['key_alias', 'max_budget', 'models', 'duration']));
    expect(generate.responses['200'].content['application/json'].schema.properties).toHaveProperty('key');
  });

  test('says of every value that there is something it may be', () => {
    const empty: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, inner] of Object.entries(value)) {
        if (['anyOf', 'oneOf', 'allOf'].includes(name) && Array.isArray(inner) && inner.length === 0) empty.push(path);
        walk(inner, `${path}/${name}`);
      }
    };
    walk(document, '');
    expect(empty).toEqual([]);
    const { max_budget: budget } =
      document.paths['/key/generate'].post.requestBody.content['application/json'].schema.properties;
    expect(JSON.stringify(budget)).toContain('"number"');
  });

  test('tells of refusals at every operation, and which ones ask for no key', () => {
    const { schema } = document.components.responses.Error.content['application/json'];
    expect(schema.properties.error.required).toEqual(['message', 'type', 'param', 'code']);
    for (const path of Object.values(document.paths) as Record<string, { responses: object }>[]) {
      for (const { responses } of Object.values(path)) expect(responses).toHaveProperty('default');
    }
    expect(document.paths['/health/liveliness'].get.security).toEqual([]);
    expect(document.paths['/key/generate'].post.security).toBeUndefined();
    expect(document.paths['/v1/chat/completions'].post.responses['200'].content).toHaveProperty('application/json');
    expect(Object.keys(document.paths['/metrics'].get.responses['200'].content)).toEqual(['text/plain']);
  });

  test('points nowhere: no reference that it does not hold', () => {
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components.schemas).toHaveProperty(name as string);
    }
  });
});

describe('the API browser', () => {
  test('fetches nothing from elsewhere', async () => {
    const page = await gateway.app.inject('/docs');
    expect(page.statusCode).toBe(200);
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url as string);
    expect(assets.length).toBeGreaterThan(2);
    for (const asset of assets) {
      expect(asset).not.toMatch(/^(https?:)?\/\//);
      expect((await gateway.app.inject(new URL(asset, 'http://x/docs').pathname)).statusCode).toBe(200);
    }
  });

  test('is where /redoc leads', async () => {
    const response = await gateway.app.inject('/redoc');
    expect([response.statusCode, response.headers.location]).toEqual([302, '/docs']);
  });
});
