import type OpenAI from 'openai';
import { AzureOpenAI } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type GatewayWithUpstream,
  startGatewayWithUpstream,
  UPSTREAM_SECRET,
} from '../support/gateway-with-upstream.ts';

let world: GatewayWithUpstream;
let openai: OpenAI;
let key: string;

beforeAll(async () => {
  world = await startGatewayWithUpstream();
  ({ key, openai } = await world.newClient());
});
afterAll(() => world.close());
beforeEach(() => world.upstream.reset());

const messages = [{ role: 'user' as const, content: 'How is the weather?' }];

/** A POST whose body is sent as it stands. */
function post(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(world.gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body,
  });
}

describe('the official client gets what it would get from OpenAI', () => {
  test('a chat completion', async () => {
    const answer = await openai.chat.completions.create({ model: 'fake/one', messages });
    expect(answer.choices[0]?.message).toMatchObject({ role: 'assistant', content: 'w0 w1 w2 w3 ' });
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 });
    expect(answer.model).toBe('fake/one');
    expect(answer.id).toBe(world.upstream.bill()[0]?.responseId);
  });

  test('several choices, billed as several', async () => {
    const answer = await openai.chat.completions.create({ model: 'fake/one', messages, n: 3 });
    expect(answer.choices).toHaveLength(3);
    expect(answer.usage?.completion_tokens).toBe(21);
  });

  test('tool calls, whole and streamed', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    ];
    const answer = await openai.chat.completions.create({ model: 'fake/tools', messages, tools });
    const [call] = answer.choices[0]?.message.tool_calls ?? [];
    expect(call).toMatchObject({ type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } });
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls');

    const stream = openai.chat.completions.stream({ model: 'fake/tools', messages, tools });
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'weather', arguments: '{"city":"Paris"}' },
    });
  });

  test('embeddings as numbers, and as base64 when nothing is asked, as the client does it', async () => {
    const asked = await openai.embeddings.create({ model: 'fake/e', input: ['a', 'b'], encoding_format: 'float' });
    expect(asked.data.map(({ embedding }) => embedding)).toEqual([
      [0.5, -0.5, 0.5, -0.5],
      [0.5, -0.5, 0.5, -0.5],
    ]);
    const unasked = await openai.embeddings.create({ model: 'fake/e', input: 'a' });
    expect(unasked.data[0]?.embedding).toEqual([0.5, -0.5, 0.5, -0.5]);
    expect(world.upstream.requests().map(({ body }) => body.encoding_format)).toEqual(['float', 'base64']);
    const raw = await post(
      '/v1/embeddings',
      JSON.stringify({ model: 'fake/e', input: 'a', encoding_format: 'base64' }),
    );
    expect(((await raw.json()) as { data: { embedding: unknown }[] }).data[0]?.embedding).toBeTypeOf('string');
  });

  test('a text completion, whole and streamed', async () => {
    const answer = await openai.completions.create({ model: 'fake/one', prompt: 'Once upon' });
    expect(answer.choices[0]?.text).toBe('w0 w1 w2 w3 ');
    const stream = await openai.completions.create({ model: 'fake/one', prompt: 'Once upon', stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
    expect(text).toBe('w0 w1 w2 w3 ');
  });

  test('the models that its key may call', async () => {
    const names = [];
    for await (const model of openai.models.list()) names.push(model.id);
    expect(names).toContain('dime');
    expect(names).toContain('mocked');
    const { openai: narrow } = await world.newClient({ models: ['dime'] });
    expect((await narrow.models.list()).data.map(({ id }) => id)).toEqual(['dime']);
  });

  test('a mocked model answers without an upstream, whole and streamed', async () => {
    const answer = await openai.chat.completions.create({ model: 'mocked', messages });
    expect(answer.choices[0]?.message.content).toBe('Hello from nowhere');
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
    const stream = await openai.chat.completions.create({ model: 'mocked', messages, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello from nowhere');
    expect(world.upstream.stats().received).toBe(0);
  });

  test('the same without /v1', async () => {
    const bare = world.client(key, { baseURL: world.gateway.url });
    expect((await bare.chat.completions.create({ model: 'fake/one', messages })).choices).toHaveLength(1);
    expect((await bare.models.list()).data.length).toBeGreaterThan(0);
    expect((await bare.embeddings.create({ model: 'fake/e', input: 'a' })).data).toHaveLength(1);
  });

  test("the Azure client, with the model in the path and the key in Azure's header", async () => {
    const azure = new AzureOpenAI({
      apiKey: key,
      endpoint: world.gateway.url,
      apiVersion: '2024-10-21',
      deployment: 'dime',
      maxRetries: 0,
    });
    const answer = await azure.chat.completions.create({ model: 'dime', messages });
    expect(answer.choices[0]?.message.content).toBe('w0 w1 w2 w3 ');
    const stream = await azure.chat.completions.create({ model: 'dime', messages, stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThanOrEqual(4);
    expect(world.upstream.requests()[0]?.body.model).toBe('dime+usage-8-10');
    expect(JSON.stringify(world.upstream.requests())).not.toContain(key);
  });
});

describe('what the client sends arrives as it was sent', () => {
  test.each([
    [
      'floats keep their point',
      '{"model":"fake/x","messages":[{"role":"user","content":"a"}],"temperature":1.0,"top_p":0.10}',
    ],
    [
      'numbers beyond 2^53',
      '{"model":"fake/x","seed":12345678901234567890,"messages":[{"role":"user","content":"a"}]}',
    ],
    [
      'unknown fields, also twice',
      '{"model":"fake/x","odd":{"a":1,"a":2},"odd":[1e400,-0],"messages":[{"role":"user","content":"a"}]}',
    ],
    [
      'escapes and any script',
      '{ "model" : "fake/x", "messages":[{"role":"user","content":"\\u00e9 é 漢字 🦊 \\ud83e\\udd8a \\n\\t\\u0000"}] }\n',
    ],
    [
      'a member that is called like the model',
      '{"messages":[{"role":"user","content":"\\"model\\":\\"fake/x\\""}],"model":"fake/x","metadata_":{"model":"fake/x"}}',
    ],
  ])('byte for byte but for the name of the model: %s', async (_, body) => {
    const answer = await post('/v1/chat/completions', body);
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    const [seen] = world.upstream.requests();
    const at = body.lastIndexOf('"fake/x"', body.includes('metadata_') ? body.indexOf('"metadata_"') : body.length);
    expect(seen?.text).toBe(`${body.slice(0, at)}"x"${body.slice(at + '"fake/x"'.length)}`);
  });

  test('parameters that the gateway has never heard of', async () => {
    await openai.chat.completions.create({
      model: 'fake/one',
      messages,
      // @ts-expect-error: that is the point.
      reasoning_depth: { deep: [1, null, 'x'] },
    });
    expect(world.upstream.requests()[0]?.body.reasoning_depth).toEqual({ deep: [1, null, 'x'] });
  });

  test('the upstream gets its own credential and nothing of the client: no key, no headers', async () => {
    await openai.chat.completions.create(
      { model: 'fake/one', messages, user: 'somebody' },
      { headers: { 'x-private': 'of the client', cookie: 'session=1', 'x-litellm-tags': 'a,b' } },
    );
    const [seen] = world.upstream.requests();
    expect(seen?.headers.authorization).toBe(`Bearer ${UPSTREAM_SECRET}`);
    const everything = JSON.stringify(seen);
    for (const private_ of [key, 'of the client', 'session=1']) expect(everything).not.toContain(private_);
  });

  test('15 MB go through, 21 MB are refused with 413 and never reach the upstream', async () => {
    const bodyOf = (bytes: number) =>
      `{"model":"fake/x","messages":[{"role":"user","content":"${'x'.repeat(bytes)}"}]}`;
    const large = await post('/v1/chat/completions', bodyOf(15 * 1024 * 1024));
    expect(large.status).toBe(200);
    await large.arrayBuffer();
    expect(world.upstream.requests()[0]?.text.length).toBeGreaterThan(15 * 1024 * 1024);
    const tooLarge = await post('/v1/chat/completions', bodyOf(21 * 1024 * 1024));
    expect(tooLarge.status).toBe(413);
    expect(((await tooLarge.json()) as { error: { code: string } }).error.code).toBe('413');
    expect(world.upstream.stats().received).toBe(1);
  });
});

describe('a client cannot send the call, or a credential, elsewhere', () => {
  test.each(['api_base', 'base_url', 'api_key'])('%s in the body is refused', async (field) => {
    const body = { model: 'fake/one', messages, [field]: 'http://127.0.0.1:9/' };
    await expect(openai.chat.completions.create(body as never)).rejects.toMatchObject({
      status: 400,
      param: field,
    });
    await expect(
      openai.chat.completions.create({ model: 'fake/one', messages, extra_body: { [field]: 'x' } } as never),
    ).rejects.toMatchObject({ status: 400 });
    expect(world.upstream.stats().received).toBe(0);
  });

  test('the words are free in a tool schema and in a message', async () => {
    const parameters = { type: 'object', properties: { api_key: { type: 'string' }, base_url: { type: 'string' } } };
    const answer = await openai.chat.completions.create({
      model: 'fake/one',
      messages: [{ role: 'user', content: '{"api_base": "http://127.0.0.1"}' }],
      tools: [{ type: 'function', function: { name: 'call', parameters } }],
    });
    expect(answer.choices).toHaveLength(1);
  });
});

describe('the headers of an answer', () => {
  test('say which deployment answered, what it cost, and what is left of each limit', async () => {
    const limited = await world.newClient({ rpm_limit: 5, tpm_limit: 100_000, max_budget: 2 });
    const { response } = await limited.openai.chat.completions
      .create({ model: 'fake/usage-10-5', messages }, { headers: { 'x-litellm-call-id': 'my-own-id' } })
      .withResponse();
    const header = (name: string) => response.headers.get(name);
    expect(header('x-litellm-call-id')).toBe('my-own-id');
    expect(header('x-litellm-version')).toMatch(/^\d+\.\d+\.\d+/);
    expect(header('x-litellm-model-id')).toMatch(/\S/);
    expect(header('x-litellm-model-api-base')).toBe(world.upstream.apiBase);
    expect(header('x-litellm-model-group')).toMatch(/^fake\//);
    expect(Number(header('x-litellm-response-cost'))).toBeCloseTo(0.00002, 12);
    expect(header('x-litellm-key-rpm-limit')).toBe('5');
    expect(header('x-litellm-key-tpm-limit')).toBe('100000');
    expect(Number(header('x-litellm-key-max-budget'))).toBe(2);
    expect(Number(header('x-litellm-key-spend'))).toBe(0);
    expect(header('x-ratelimit-api_key-limit-requests')).toBe('5');
    expect(header('x-ratelimit-api_key-remaining-requests')).toBe('4');
    expect(header('x-ratelimit-api_key-limit-tokens')).toBe('100000');
    expect(header('x-ratelimit-api_key-remaining-tokens')).toMatch(/^9\d{4}$/);
    expect(header('x-ratelimit-limit-requests')).toBe('5');
    expect(header('x-ratelimit-remaining-requests')).toBe('4');
    expect(header('x-ratelimit-limit-tokens')).toBe('100000');
    expect(header('x-ratelimit-remaining-tokens')).toBe(header('x-ratelimit-api_key-remaining-tokens'));
    expect(header('llm_provider-x-request-id')).toBe(world.upstream.bill()[0]?.responseId);
    expect(JSON.stringify([...response.headers])).not.toContain(UPSTREAM_SECRET);
  });

  test('per-model limits have their own', async () => {
    const limited = await world.newClient({ model_rpm_limit: { dime: 3 }, model_tpm_limit: { dime: 1_000 } });
    const { response } = await limited.openai.chat.completions
      .create({ model: 'dime', messages, max_tokens: 10 })
      .withResponse();
    expect(response.headers.get('x-litellm-key-remaining-requests-dime')).toBe('2');
    expect(Number(response.headers.get('x-litellm-key-remaining-tokens-dime'))).toBeLessThan(1_000);
  });

  test('answers say how long they took, and what of it was the gateway', async () => {
    const answer = await post(
      '/v1/chat/completions',
      '{"model":"dime","messages":[{"role":"user","content":"a"}],"max_tokens":10}',
    );
    expect(answer.status).toBe(200);
    const [took, overhead] = ['response', 'overhead'].map((part) =>
      Number(answer.headers.get(`x-litellm-${part}-duration-ms`) ?? Number.NaN),
    );
    expect(overhead).toBeGreaterThanOrEqual(0);
    expect(overhead).toBeLessThanOrEqual(took!);
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('0');
    expect(answer.headers.get('x-litellm-max-retries')).toMatch(/^\d+$/);
    expect(Number(answer.headers.get('x-litellm-timeout'))).toBeGreaterThan(0);
    await answer.arrayBuffer();
  });

  test('refusals carry a call id and the version too', async () => {
    const answer = await post(
      '/v1/chat/completions',
      '{"model":"no-such-model","messages":[{"role":"user","content":"a"}]}',
    );
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-litellm-call-id')).toMatch(/\S/);
    expect(answer.headers.get('x-litellm-version')).toMatch(/\S/);
    await answer.arrayBuffer();
  });
});
