import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';
import { sendRaw } from '../support/send-raw.ts';

let gateway: TestApp;
let address: string;
const log: string[] = [];

beforeAll(async () => {
  const config = 'model_list: []\ngeneral_settings:\n  max_request_size_mb: 1\n';
  gateway = await startTestApp({ config, onLog: (line) => log.push(line) });
  address = await gateway.listen();
});
afterAll(() => gateway.close());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('every answer carries its ids', () => {
  test.each([
    ['GET', '/health/liveness', 200],
    ['GET', '/nowhere', 404],
    ['PATCH', '/key/generate', 405],
    ['GET', '/key/info', 401],
    ['GET', '/%', 400],
  ] as const)('%s %s (%d)', async (method, url, status) => {
    const response = await gateway.app.inject({ method, url });
    expect(response.statusCode).toBe(status);
    expect(response.headers['x-request-id']).toMatch(UUID);
    expect(response.headers['x-litellm-call-id']).toBe(response.headers['x-request-id']);
    expect(response.headers['x-litellm-version']).toMatch(/^\d+\.\d+/);
  });
});

describe('the envelope', () => {
  test('of an unknown path has FastAPI’s detail beside it', async () => {
    const { status, body } = await callGateway(gateway, 'GET /key/nonsense');
    expect([status, body]).toEqual([
      404,
      {
        detail: 'Not Found',
        error: { message: 'Not Found', type: 'not_found_error', param: null, code: '404' },
      },
    ]);
  });

  test('of a wrong method says which would be right', async () => {
    const response = await gateway.app.inject({ method: 'GET', url: '/v1/chat/completions' });
    expect([response.statusCode, response.headers.allow, response.json().detail]).toEqual([
      405,
      'POST',
      'Method Not Allowed',
    ]);
  });

  test('of a field of the wrong type names the field twice', async () => {
    const { status, body } = await callGateway(gateway, 'POST /key/generate', { body: { models: 'gpt-4' } });
    expect(status).toBe(422);
    expect(body.error).toMatchObject({ type: 'validation_error', param: 'models', code: '422' });
    expect(body.detail[0]).toMatchObject({ loc: ['body', 'models'] });
  });

  test('of malformed JSON repeats none of it', async () => {
    const response = await gateway.app.inject({
      method: 'POST',
      url: '/key/generate',
      headers: { authorization: `Bearer ${gateway.masterKey}`, 'content-type': 'application/json' },
      payload: '{"key": "sk-secret-secret-secret",}',
    });
    expect([response.statusCode, response.json().error.type]).toEqual([400, 'invalid_request_error']);
    expect(response.body).not.toContain('secret-secret');
  });

  test.each(['POST /key/generate', 'POST /v1/chat/completions'])(
    'of a body that is too large names the limit, at %s, also to clients that send everything first',
    async (route) => {
      const body = JSON.stringify({ messages: 'x'.repeat(3_000_000) });
      const answer = await upload(route.split(' ')[1] ?? '', body);
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.body).error).toMatchObject({ code: '413' });
      expect(answer.body).toContain('1048576 bytes');
    },
  );

  test('comes back even for what is not HTTP', async () => {
    const { status, headers, body } = await sendRaw(address, 'NOT HTTP AT ALL\r\n\r\n');
    expect([status, JSON.parse(body).error.code]).toEqual([400, '400']);
    expect(headers).toContain('x-litellm-version');
  });
});

describe('the log', () => {
  test('has one line per request and no secret in it', async () => {
    const { body } = await callGateway(gateway, 'POST /key/generate', { body: { key_alias: 'logged' } });
    log.length = 0;
    await gateway.app.inject({
      url: `/key/info?key=${body.key}`,
      headers: { authorization: `Bearer ${gateway.masterKey}` },
    });
    await gateway.app.inject({ url: '/v1/models', headers: { 'x-api-key': body.key } });
    // Lines are handed over together, within the second.
    const requestLines = () =>
      log
        .flatMap((text) => text.trimEnd().split('\n'))
        .map((line) => JSON.parse(line))
        .filter(({ msg }) => msg === 'request');
    await expect.poll(() => requestLines().at(-1)?.key_id, { timeout: 5_000 }).toBe(body.key_id);
    expect(requestLines().slice(-2)).toMatchObject([
      { method: 'GET', route: '/key/info', status: 200, key_id: null },
      { method: 'GET', route: '/v1/models', status: 200, key_id: body.key_id, key_mask: body.key_name },
    ]);
    expect(log.join('')).not.toContain(body.key);
    expect(log.join('')).not.toContain(gateway.masterKey);
  });
});

describe('shutting down', () => {
  test('ends the call under way, and answers the next on its connection with 503', async () => {
    const closing = await startTestApp();
    const target = await closing.listen();
    const { hostname, port } = new URL(target);
    const body = JSON.stringify({ model: 'mock-gpt', messages: [] });
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.write(
      `POST /spend/calculate HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${closing.masterKey}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = closing.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.write(`${body.slice(5)}GET /health/liveness HTTP/1.1\r\nhost: x\r\n\r\n`);
    await Promise.all([ended, closed]);
    expect(received.match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 503']);
    expect(received).toContain('"message":"The gateway is shutting down."');
    expect(received).toMatch(/retry-after: 1/i);
  });
});

/** With `connection: close`, and the answer read only once all is sent, as many HTTP clients do. */
function upload(path: string, body: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${gateway.masterKey}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    };
    const request = httpRequest(`${address}${path}`, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
