import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/model.ts';
import type { ModelCall } from '../provider.ts';
import { buildRequest } from './build-request.ts';

const deploymentOf = (over: Partial<Deployment> = {}): Deployment => ({
  id: 'dep-1',
  modelName: 'gpt',
  provider: 'openai',
  upstreamModel: 'gpt-4o',
  apiBase: 'https://api.openai.com/v1',
  apiKey: 'sk-provider',
  apiVersion: null,
  region: null,
  organization: null,
  extraHeaders: {},
  requestDefaults: {},
  mockResponse: null,
  timeoutMs: null,
  streamTimeoutMs: null,
  maxRetries: null,
  weight: 1,
  rpm: null,
  tpm: null,
  maxParallelRequests: null,
  tags: [],
  accessGroups: [],
  price: undefined,
  baseModel: null,
  maxOutputTokens: null,
  mode: null,
  info: {},
  unavailable: null,
  ...over,
});

const callOf = (text: string, over: Partial<ModelCall> = {}): ModelCall => {
  const body = JSON.parse(text);
  return {
    operation: 'chat',
    text,
    body,
    requested: body.model ?? null,
    stream: body.stream === true,
    overrides: {},
    ...over,
  };
};

const bodyOf = (text: string, over: Partial<ModelCall> = {}, deployment: Partial<Deployment> = {}) =>
  buildRequest(callOf(text, over), deploymentOf(deployment), 'gpt-4o').body.toString();

describe('the address', () => {
  const cases: [apiBase: string, operation: ModelCall['operation'], origin: string, path: string][] = [
    ['https://api.openai.com/v1', 'chat', 'https://api.openai.com', '/v1/chat/completions'],
    ['https://api.openai.com/v1/', 'completion', 'https://api.openai.com', '/v1/completions'],
    ['http://localhost:8000', 'embedding', 'http://localhost:8000', '/embeddings'],
    ['http://[::1]:8000/a/b//', 'chat', 'http://[::1]:8000', '/a/b/chat/completions'],
    ['https://h/v1?tenant=a%20b', 'chat', 'https://h', '/v1/chat/completions?tenant=a%20b'],
    ['https://h/v1/chat/completions', 'chat', 'https://h', '/v1/chat/completions'],
    ['https://user:pa%40ss@h/v1', 'chat', 'https://h', '/v1/chat/completions'],
  ];
  test.each(cases)('%s for %s', (apiBase, operation, origin, path) => {
    const request = buildRequest(callOf('{"model":"m"}', { operation }), deploymentOf({ apiBase }), 'm');
    expect(request).toMatchObject({ origin, path, method: 'POST' });
  });

  const azure: [over: Partial<Deployment>, path: string][] = [
    [{ apiVersion: '2024-06-01' }, '/openai/deployments/my%20dep/chat/completions?api-version=2024-06-01'],
    [{}, '/openai/deployments/my%20dep/chat/completions?api-version=2024-10-21'],
    [
      { apiBase: 'https://r.openai.azure.com/?api-version=x' },
      '/openai/deployments/my%20dep/chat/completions?api-version=x',
    ],
    [
      { apiBase: 'https://gw/azure/openai/deployments/other' },
      '/azure/openai/deployments/other/chat/completions?api-version=2024-10-21',
    ],
    [{ apiBase: 'https://r.openai.azure.com/openai/v1/' }, '/openai/v1/chat/completions'],
  ];
  test.each(azure)('Azure with %j', (over, path) => {
    const deployment = deploymentOf({ provider: 'azure', apiBase: 'https://r.openai.azure.com', ...over });
    const request = buildRequest(callOf('{"model":"gpt","n":1}'), deployment, 'my dep');
    expect(request.path).toBe(path);
    expect(request.headers['api-key']).toBe('sk-provider');
    expect(request.headers.authorization).toBeUndefined();
    // The path says which model; only the form without it needs the name in the body.
    expect(request.body.toString()).toBe(
      path.startsWith('/openai/v1') ? '{"model":"my dep","n":1}' : '{"model":"gpt","n":1}',
    );
  });

  test.each([null, '', 'api.openai.com/v1', 'ftp://h/', 'http://'])('%j is refused by deployment id', (apiBase) => {
    expect(() => buildRequest(callOf('{"model":"m"}'), deploymentOf({ apiBase }), 'm')).toThrow(
      expect.objectContaining({ code: 'model_unavailable', message: expect.stringContaining('dep-1') }),
    );
  });
});

test('one deployment serves every operation and model', () => {
  for (const provider of ['openai', 'azure']) {
    const deployment = deploymentOf({ provider, apiBase: 'https://h/v1' });
    const seen = (['chat', 'embedding', 'chat'] as const).map((operation, index) => {
      const request = buildRequest(callOf('{"model":"m"}', { operation }), deployment, `m${index}`);
      return `${request.path.replace(/\?.*/, '')} ${request.body}`;
    });
    expect(seen).toEqual(
      provider === 'openai'
        ? [
            '/v1/chat/completions {"model":"m0"}',
            '/v1/embeddings {"model":"m1"}',
            '/v1/chat/completions {"model":"m2"}',
          ]
        : [0, 1, 2].map(
            (index) =>
              `/v1/openai/deployments/m${index}/${index === 1 ? 'embeddings' : 'chat/completions'} {"model":"m"}`,
          ),
    );
  }
});

describe('the headers', () => {
  test("carry the deployment's own credential and nothing of the client", () => {
    const { headers } = buildRequest(callOf('{"model":"m"}'), deploymentOf({ organization: 'org-1' }), 'm');
    expect(headers).toEqual({
      'accept-encoding': 'identity',
      authorization: 'Bearer sk-provider',
      'content-type': 'application/json',
      'openai-organization': 'org-1',
      'user-agent': 'latchkey',
    });
  });

  test('have no authorization where the deployment has no key, or basic where its address says so', () => {
    const none = buildRequest(callOf('{"model":"m"}'), deploymentOf({ apiKey: null }), 'm');
    expect(none.headers.authorization).toBeUndefined();
    const basic = deploymentOf({ apiKey: null, apiBase: 'http://me:pa%40ss@h/v1' });
    expect(buildRequest(callOf('{"model":"m"}'), basic, 'm').headers.authorization).toBe(
      `Basic ${Buffer.from('me:pa@ss').toString('base64')}`,
    );
  });

  test('extra headers win, except those of the connection', () => {
    const extraHeaders = {
      'X-Title': 'a',
      Authorization: 'Token t',
      'Transfer-Encoding': 'chunked',
      'Content-Length': '1',
    };
    const { headers } = buildRequest(callOf('{"model":"m"}'), deploymentOf({ extraHeaders }), 'm');
    expect(headers).toMatchObject({ 'x-title': 'a', authorization: 'Token t' });
    expect(Object.keys(headers)).not.toContain('transfer-encoding');
    expect(Object.keys(headers)).not.toContain('content-length');
  });
});

describe('the body', () => {
  test("is the client's byte for byte when nothing has to change", () => {
    const text = '{ "model" : "gpt-4o", "temperature":1.0, "seed":12345678901234567890, "x":[ ], "x":2 }';
    expect(bodyOf(text)).toBe(text);
    const bytes = Buffer.from(text);
    expect(buildRequest(callOf(text, { bytes }), deploymentOf(), 'gpt-4o').body).toBe(bytes);
  });

  test("names the upstream's model, where the client named another or none", () => {
    expect(bodyOf('{"model":"gpt","temperature":1.0}')).toBe('{"model":"gpt-4o","temperature":1.0}');
    expect(bodyOf('{"messages":[]}')).toBe('{"messages":[],"model":"gpt-4o"}');
  });

  test('leaves out what is meant for the proxy, and keeps what is not known', () => {
    expect(bodyOf('{"tags":["a"],"model":"gpt-4o","mock_response":"x","no-log":true,"user":"u","fancy":1}')).toBe(
      '{"model":"gpt-4o","user":"u","fancy":1}',
    );
  });

  test.each([
    ['{"user_id":"u"}', null],
    ['{"tags":["a"],"trace_id":"t"}', null],
    ['"{\\"user_id\\":\\"u\\"}"', null],
    ['{"topic":"demo","tags":["a"],"spend_logs_metadata":{"a":1}}', '{"topic":"demo"}'],
    ['{"tags":["a"]}', null],
  ])('keeps metadata %s to itself; of answers that are stored, its texts go on', (metadata, stored) => {
    expect(bodyOf(`{"model":"gpt-4o","metadata":${metadata},"user":"u"}`)).toBe('{"model":"gpt-4o","user":"u"}');
    if (stored === null) return;
    expect(bodyOf(`{"model":"gpt-4o","store":true,"metadata":${metadata}}`)).toBe(
      `{"model":"gpt-4o","store":true,"metadata":${stored}}`,
    );
  });

  test("the gateway's overrides have the last word", () => {
    const overrides = { max_tokens: 256, user: undefined, model: 'mine' };
    expect(bodyOf('{"model":"gpt","max_tokens":9999,"user":"u"}', { overrides })).toBe(
      '{"model":"mine","max_tokens":256}',
    );
  });

  test("a stream asks for usage, and keeps the client's other options", () => {
    expect(bodyOf('{"model":"gpt-4o","stream":true}')).toBe(
      '{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true}}',
    );
    expect(bodyOf('{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":false,"x":1}}')).toBe(
      '{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true,"x":1}}',
    );
    const asked = '{"model":"gpt-4o","stream":true,"stream_options":{ "include_usage": true }}';
    expect(bodyOf(asked)).toBe(asked);
  });

  test.each([
    [{ provider: 'mistral' }, false],
    [{ provider: 'azure', apiVersion: '2024-06-01' }, false],
    [{ provider: 'azure', apiVersion: '2024-10-21' }, true],
    [{ provider: 'azure', apiVersion: '2025-01-01-preview' }, true],
    [{ provider: 'groq' }, true],
  ])('usage is asked for only of upstreams that know how: %j', (over, asks) => {
    expect(bodyOf('{"model":"gpt-4o","stream":true}', {}, over).includes('stream_options')).toBe(asks);
  });
});
