import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';
import { sendRaw } from '../support/send-raw.ts';

let gateway: TestApp;
let address: string;
const clock = { nowMs: Date.now() };

beforeAll(async () => {
  gateway = await startTestApp({ nowMs: () => clock.nowMs });
  address = await gateway.listen();
});
afterAll(() => gateway.close());

const make = async (body: object = {}) => (await callGateway(gateway, 'POST /key/generate', { body })).body;
const ask = (headers: Record<string, string>, url = '/v1/models') => gateway.app.inject({ url, headers });
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('a key is accepted', () => {
  test('in every header that a client may use', async () => {
    const { key } = await make();
    const forms: Record<string, string>[] = [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer ${key}` },
      { authorization: `Basic ${key}` },
      { authorization: `AWS4-HMAC-SHA256 Credential=Bearer ${key}/20261123/us-east-1/bedrock/aws4_request` },
      { 'x-litellm-api-key': key },
      { 'x-litellm-api-key': `Bearer ${key}` },
      { 'api-key': key },
      { 'x-api-key': key },
      { 'x-goog-api-key': key },
      { 'Ocp-Apim-Subscription-Key': key },
    ];
    for (const headers of forms) expect([headers, (await ask(headers)).statusCode]).toEqual([headers, 200]);
  });

  test('in the header that the operator chose, and in the customary ones beside it', async () => {
    const config = 'model_list: []\ngeneral_settings:\n  litellm_key_header_name: X-Team-Key\n';
    const own = await startTestApp({ config });
    try {
      const inject = (headers: Record<string, string>) => own.app.inject({ url: '/models', headers });
      expect((await inject({ 'x-team-key': `Bearer ${own.masterKey}` })).statusCode).toBe(200);
      expect((await inject(bearer(own.masterKey))).statusCode).toBe(200);
      expect((await inject({})).json().error.message).toMatch(/Please set header=x-team-key: Bearer <api_key>/i);
    } finally {
      await own.close();
    }
  });

  test('on its first call after creation, although it was asked for before', async () => {
    const key = 'sk-asked-for-before-it-was-made';
    expect((await ask(bearer(key))).statusCode).toBe(401);
    await make({ key });
    expect((await ask(bearer(key))).statusCode).toBe(200);
  });
});

describe('a key is refused', () => {
  test('when there is none', async () => {
    expect((await ask({})).json()).toEqual({
      error: {
        message: 'Authentication Error, No api key passed in.',
        type: 'auth_error',
        param: null,
        code: '401',
      },
    });
  });

  test('when nobody has made it: mask and hash are shown, the key is not', async () => {
    const { error } = (await ask(bearer('sk-nobody-has-made-this-one'))).json();
    expect(error).toMatchObject({ type: 'token_not_found_in_db', param: 'key', code: '401' });
    expect(error.message).toMatch(
      /Received API Key = sk-\.\.\.-one, Key Hash \(Token\) =[0-9a-f]{64}\. Unable to find token in cache or `LiteLLM_VerificationTokenTable`/,
    );
    expect(error.message).not.toContain('nobody-has-made');
  });

  test('from the call after it was blocked, and no longer once unblocked', async () => {
    const { key, token } = await make();
    expect((await ask(bearer(key))).statusCode).toBe(200);
    await callGateway(gateway, 'POST /key/block', { body: { key: token } });
    const { error } = (await ask(bearer(key))).json();
    expect(error).toMatchObject({ type: 'auth_error', code: '401' });
    expect(error.message).toContain("Key is blocked. Update via `/key/unblock` if you're admin.");
    await callGateway(gateway, 'POST /key/unblock', { body: { key: token } });
    expect((await ask(bearer(key))).statusCode).toBe(200);
  });

  test('from the call after it was deleted, as if it had never been', async () => {
    const { key } = await make();
    expect((await ask(bearer(key))).statusCode).toBe(200);
    await callGateway(gateway, 'POST /key/delete', { body: { keys: [key] } });
    const { error } = (await ask(bearer(key))).json();
    expect(error).toMatchObject({ type: 'token_not_found_in_db', code: '401' });
  });

  test('from the millisecond of its expiry', async () => {
    const { key } = await make({ duration: '1h' });
    expect((await ask(bearer(key))).statusCode).toBe(200);
    clock.nowMs += 3_600_000;
    const { error } = (await ask(bearer(key))).json();
    expect(error).toMatchObject({ type: 'expired_key', code: '401' });
    expect(error.message).toContain('Authentication Error - Expired Key. Key Expiry time');
  });

  test('on routes that its allowed_routes leave out, with 403', async () => {
    const { key } = await make({ allowed_routes: ['/chat/completions'] });
    const response = await ask(bearer(key), '/v1/models');
    expect([response.statusCode, response.json().error.message]).toEqual([
      403,
      expect.stringContaining('not allowed to call this route'),
    ]);
  });

  test.each([
    'POST /key/generate',
    'POST /key/update',
    'POST /key/delete',
    'POST /key/block',
    'GET /global/spend',
  ] as const)('at %s, unless it is an administrator’s', async (route) => {
    const { key } = await make();
    const { status, body } = await callGateway(gateway, route, {
      key,
      body: route.startsWith('POST') ? {} : undefined,
    });
    expect(status).toBe(401);
    expect(body.error.message).toContain('Only proxy admin can be used to generate, delete, update info');
  });

  test('and yet an over-budget key may ask about itself', async () => {
    const { key } = await make({ max_budget: 0 });
    expect((await ask(bearer(key), '/key/info')).statusCode).toBe(200);
    expect((await ask(bearer(key), '/v1/models')).statusCode).toBe(200);
  });
});

/** Nothing of this may reach a database, break the server, or come back in an answer. */
const HOSTILE = [
  "sk-' OR 1=1; DROP TABLE keys; --",
  "sk-x' UNION SELECT token FROM keys --",
  'sk-\\x00\\x00',
  `sk-${'A'.repeat(10_000)}`,
  'sk-%00%0d%0aX-Admin:%20true%20',
  'sk-\u00e9\u00e8\u00ea\u00fc\u00df\u00f8',
  'sk-{{7*7}}<script>alert(1)</script>',
  '../../../etc/passwd',
  'null',
  'undefined',
  'true',
  '[object Object]',
  '*',
  'sk-*********************',
  'sk-%%%%%%%%%%%%%%%%%%%%%',
  'f'.repeat(64),
  'Bearer Bearer sk-AAAAAAAAAAAAAAAAAAAAAA',
  '{"$gt":""}',
];

describe('hostile credentials', () => {
  test.each(HOSTILE)('%s is 401 in every header', async (text) => {
    for (const name of ['x-litellm-api-key', 'api-key', 'x-api-key', 'x-goog-api-key']) {
      expect((await ask({ [name]: text })).statusCode).toBe(401);
    }
    for (const scheme of ['Bearer ', 'Basic ', '', 'Digest ']) {
      const response = await ask({ authorization: scheme + text });
      expect(response.statusCode).toBe(401);
      expect(response.body.length).toBeLessThan(600);
    }
  });

  test('with control characters never get past the parser', async () => {
    for (const character of ['\u0000', '\u0007', '\u001b', '\u007f']) {
      const raw = `GET /models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-AAAA${character}BBBB\r\nconnection: close\r\n\r\n`;
      const { status, body } = await sendRaw(address, raw);
      expect([400, 401]).toContain(status);
      expect(JSON.parse(body).error.code).toBe(String(status));
    }
  });

  test('of 20 kB are too large for a header, and the envelope says so', async () => {
    const raw = `GET /models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-${'A'.repeat(20_000)}\r\n\r\n`;
    const { status, headers, body } = await sendRaw(address, raw);
    expect(status).toBe(431);
    expect(JSON.parse(body).error).toMatchObject({ type: 'invalid_request_error', code: '431' });
    expect(headers).toMatch(/x-litellm-call-id: \S+/);
  });
});

describe('paths that try to go around the door', () => {
  test.each([
    '//key/info',
    '/key/info/',
    '/key//info',
    '/key/info/..;/',
    '/health/liveness/../../key/info',
    '/health/liveness/..%2f..%2fkey/info',
    '/%6bey/info',
    '/key/info%3f',
    '/key/info;a=b',
    '/key/info#/health/liveness',
    '/key/info%00',
    '/.//key/info',
    '/docs/static/../../key/info',
    '/docs/static/..%2f..%2f..%2fpackage.json',
    'http://localhost/key/info',
    'http://evil.example//key/info',
  ])('%s never answers without a key', async (path) => {
    const request = `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    const { status, body } = await sendRaw(address, request);
    expect([400, 401, 403, 404, 405]).toContain(status);
    expect(JSON.parse(body).error.code).toBe(String(status));
  });

  test.each(['x', 'localhost', 'evil.example/health/liveness', '127.0.0.1:1', '@evil.example', '/health/liveness?'])(
    'nor does any Host: %s',
    async (host) => {
      const request = `GET /key/info HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
      expect((await sendRaw(address, request)).status).toBe(401);
    },
  );

  test('x-forwarded and method-override headers change nothing', async () => {
    const headers = {
      'x-original-url': '/health/liveness',
      'x-rewrite-url': '/health/liveness',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'localhost',
      'x-http-method-override': 'OPTIONS',
    };
    expect((await ask(headers, '/key/info')).statusCode).toBe(401);
  });

  test('?key= is not a credential', async () => {
    const { key } = await make();
    expect((await ask({}, `/v1/models?key=${key}`)).statusCode).toBe(401);
  });
});
