// Upstreams that answer 200 with something that is no answer, and model names in unusual places.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const SECRET = 'sk-upstream-secret-of-the-operator';
const ANSWER =
  '{"id":"c-1","model":"their-name","choices":[{"message":{"content":"Hi"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}';
const FRAME = 'data: {"id":"c-1","choices":[{"delta":{"content":"Hi"}}]}\n\n';

/** What is answered below each path. */
const ANSWERS: Record<string, { type?: string; encoding?: string; status?: number; body: string | Buffer }> = {
  good: { type: 'application/json', body: ANSWER },
  page: { type: 'text/html; charset=utf-8', body: '<html>Sign in</html>' },
  zipped: { type: 'application/json', encoding: 'gzip', body: gzipSync(ANSWER) },
  nothing: { type: 'text/event-stream', body: '' },
  empty: { status: 204, body: '' },
  leaky: {
    type: 'text/event-stream',
    body: `${FRAME}data: {"error":{"message":"Key ${SECRET} is out of credit"}}\n\n`,
  },
  busy: {
    type: 'text/event-stream',
    body: `: wait\n\ndata: {"error":{"message":"Key ${SECRET} is too busy","type":"overloaded","code":503}}\n\ndata: [DONE]\n\n`,
  },
  wrong: {
    type: 'text/event-stream',
    body: 'event: error\ndata: {"object":"error","message":"too long","type":"BadRequestError","param":"messages","code":400}\n\n',
  },
  vague: { type: 'text/event-stream', body: 'data: {"error":{"message":"no","code":"E77"}}\n\n' },
};

let upstream: Server;
let gateway: TestApp;
let seen: IncomingHttpHeaders = {};
let body = '';

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen = request.headers;
    body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const { type, encoding, status = 200, body: bytes } = ANSWERS[request.url?.split('/')[1] ?? ''] ?? { body: '' };
      if (type !== undefined) response.setHeader('content-type', type);
      if (encoding !== undefined) response.setHeader('content-encoding', encoding);
      response.writeHead(status).end(bytes);
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  const models = Object.keys(ANSWERS).map((name) => ({
    model_name: name,
    litellm_params: {
      model: 'openai/m',
      api_base: `http://127.0.0.1:${port}/${name}/v1`,
      api_key: SECRET,
      input_cost_per_token: 0.001,
      output_cost_per_token: 0.001,
    },
  }));
  // One of two has an answer.
  const pair = ['busy', 'leaky'].map((path) => ({
    model_name: 'pair',
    litellm_params: {
      model: 'openai/m',
      api_base: `http://127.0.0.1:${port}/${path}/v1`,
      api_key: SECRET,
      max_retries: 1,
    },
  }));
  const wild = {
    model_name: 'wild/*',
    litellm_params: { model: 'openai/*', api_base: `http://127.0.0.1:${port}/good/v1`, api_key: SECRET },
  };
  gateway = await startTestApp({
    config: JSON.stringify({ model_list: [...models, ...pair, wild], litellm_settings: { num_retries: 0 } }),
  });
});
afterAll(async () => {
  await gateway.close();
  upstream.close();
});

const messages = [{ role: 'user', content: 'Hi' }];

async function stream(model: string): Promise<{ status: number; text: string }> {
  const { statusCode, body: text } = await gateway.app.inject({
    method: 'POST',
    url: '/v1/chat/completions',
    headers: { authorization: `Bearer ${gateway.masterKey}`, 'content-type': 'application/json' },
    payload: JSON.stringify({ model, messages, stream: true }),
  });
  return { status: statusCode, text };
}

describe('what is no answer', () => {
  test.each(['page', 'zipped'])('is no stream either: %s', async (model) => {
    const streamed = await stream(model);
    expect(streamed.status).toBe(502);
    expect(JSON.parse(streamed.text).error).toMatchObject({ type: 'upstream_error', code: '502' });
    const whole = await callGateway(gateway, 'POST /v1/chat/completions', { body: { model, messages } });
    expect([whole.status, whole.body.error.message]).toEqual([502, JSON.parse(streamed.text).error.message]);
  });

  test('is not asked for: upstreams are told not to compress, and whoever does is named', async () => {
    const { body: answer } = await callGateway(gateway, 'POST /v1/chat/completions', {
      body: { model: 'zipped', messages },
    });
    expect(answer.error.message).toContain('compressed');
    expect(seen['accept-encoding']).toBe('identity');
  });

  test.each(['nothing', 'empty'])(
    'a stream without a word ends with an error, and is a failure in the books: %s',
    async (model) => {
      const { status, text } = await stream(model);
      expect([status, JSON.parse(text).error.code]).toEqual([502, '502']);
      expect(text).toContain('without sending anything');
      const rows = (await callGateway(gateway, 'GET /spend/logs')).body as { model_group: string; status: string }[];
      expect(rows.filter((row) => row.model_group === model).map(({ status }) => status)).toEqual(['failure']);
    },
  );

  test.each([
    ['busy', 503, 'too busy', 'overloaded'],
    ['wrong', 400, 'too long', 'BadRequestError'],
    ['vague', 502, 'no', null],
  ])('a stream that begins with an error is that error: %s', async (model, status, words, type) => {
    const streamed = await stream(model);
    const { error } = JSON.parse(streamed.text);
    expect([streamed.status, error.code, error.param]).toEqual([
      status,
      String(status),
      model === 'wrong' ? 'messages' : null,
    ]);
    expect(error.message).toContain(words);
    if (type !== null) expect(error.type).toBe(type);
    expect(streamed.text).not.toContain(SECRET);
    const rows = (await callGateway(gateway, 'GET /spend/logs')).body as { model_group: string; status: string }[];
    expect(rows.filter((row) => row.model_group === model).map((row) => row.status)).toEqual(['failure']);
  });

  test('and another deployment is asked instead', async () => {
    for (let call = 0; call < 8; call += 1) {
      const { status, text } = await stream('pair');
      expect(status).toBe(200);
      expect(text.startsWith(FRAME)).toBe(true);
    }
  });

  test('an error inside a stream tells no credential', async () => {
    const { text } = await stream('leaky');
    expect(text).toContain(FRAME);
    expect(text).toContain('out of credit');
    expect(text).not.toContain(SECRET);
  });
});

describe('a model that the path names', () => {
  test.each(['/openai/deployments/wild/a/b', '/engines/wild/a/b', '/v1/engines/wild%2Fa%2Fb'])(
    'may have slashes in its name, and the answer bears it: %s',
    async (path) => {
      const url = `POST ${path}/chat/completions?api-version=2024-02-01`;
      const { status, body: answer } = await callGateway(gateway, url, { body: { messages } });
      expect([status, answer.model]).toEqual([200, 'wild/a/b']);
      expect(JSON.parse(body).model).toBe('a/b');
    },
  );

  test('counts, and not the one in the body', async () => {
    const url = 'POST /openai/deployments/good/chat/completions';
    const { body: answer } = await callGateway(gateway, url, { body: { model: 'page', messages } });
    expect(answer.model).toBe('good');
  });

  test('is held against the key’s models and routes as ever', async () => {
    const make = async (fields: object) =>
      (await callGateway(gateway, 'POST /key/generate', { body: fields })).body.key;
    const call = async (key: string) =>
      (await callGateway(gateway, 'POST /openai/deployments/wild/a/chat/completions', { key, body: { messages } }))
        .status;
    expect(await call(await make({ models: ['good'] }))).toBe(403);
    expect(await call(await make({ allowed_routes: ['/openai/deployments/{model}/chat/completions'] }))).toBe(200);
    expect(await call(await make({ allowed_routes: ['/v1/embeddings'] }))).toBe(403);
  });

  test.each(['/openai/deployments/wild/a/b', '/openai/deployments/wild/a/moderations'])(
    'is nowhere else: %s is unknown',
    async (path) => {
      expect((await callGateway(gateway, `POST ${path}`, { body: { messages } })).status).toBe(404);
    },
  );

  test('is there one by one where a wildcard stands for it, for whoever may call it', async () => {
    const key = (await callGateway(gateway, 'POST /key/generate', { body: { models: ['good'] } })).body.key;
    expect((await callGateway(gateway, 'GET /v1/models/wild/a/b')).body).toMatchObject({
      id: 'wild/a/b',
      object: 'model',
    });
    expect((await callGateway(gateway, 'GET /v1/models/wild/a/b', { key })).status).toBe(404);
    expect((await callGateway(gateway, 'GET /v1/models/tame/a')).status).toBe(404);
  });
});

describe('bodies', () => {
  test.each(['/v1/chat/completions', '/key/generate'])('that are compressed are refused as that: %s', async (url) => {
    for (const payload of [gzipSync('{}'), '{"key_alias":"plain after all"}']) {
      const headers = { authorization: `Bearer ${gateway.masterKey}`, 'content-type': 'application/json' };
      const response = await gateway.app.inject({
        method: 'POST',
        url,
        headers: { ...headers, 'content-encoding': 'gzip' },
        payload,
      });
      expect([response.statusCode, response.json().error.message]).toEqual([415, expect.stringContaining('gzip')]);
    }
  });

  test('with a name that the parser does not take are not called malformed', async () => {
    const { status, body: answer } = await callGateway(gateway, 'POST /key/generate', {
      body: '{"metadata":{"__proto__":{"x":1}}}',
    });
    expect([status, answer.error.message]).toEqual([400, expect.stringContaining('`__proto__`')]);
  });
});

describe('a number that is written as a text', () => {
  test('is held for by a hard budget as what a lenient upstream takes it for', async () => {
    const key = (await callGateway(gateway, 'POST /key/generate', { body: { max_budget: 5, budget_mode: 'hard' } }))
      .body.key;
    const call = (fields: object) =>
      callGateway(gateway, 'POST /v1/chat/completions', { key, body: { model: 'good', messages, ...fields } });
    expect((await call({ max_tokens: '9000' })).status).toBe(200);
    expect(JSON.parse(body).max_tokens).toBeLessThan(5_000);
    expect((await call({ max_tokens: 300, n: '100' })).status).toBe(400);
  });
});
