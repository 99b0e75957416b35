import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const ANSWER = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
const EMBEDDED = { object: 'list', data: [], model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } };

let upstream: Server;
let gateway: TestApp;
let bodies: Record<string, unknown>[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.url?.endsWith('/embeddings') ? EMBEDDED : ANSWER));
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const base = `api_base: 'http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1', api_key: none`;
  const price = 'input_cost_per_token: 0, output_cost_per_token: 0.001';
  gateway = await startTestApp({
    config: `
model_list:
  - model_name: warm
    litellm_params: {model: openai/m, ${base}, ${price}, temperature: 0.2, stop: ["\\n"], extra_body: {guided_choice: [a]}}
  - model_name: short
    litellm_params: {model: openai/m, ${base}, ${price}, max_tokens: 1000}
  - model_name: mixed
    litellm_params: {model: openai/m, ${base}, ${price}, max_tokens: 300, weight: 1}
  - model_name: mixed
    litellm_params: {model: openai/other, ${base}, ${price}, weight: 0}
`,
  });
});
beforeEach(() => {
  bodies = [];
});
afterAll(async () => {
  await gateway.close();
  await new Promise((resolve) => upstream.close(resolve));
});

const MESSAGES = [{ role: 'user', content: 'hi' }];

async function chat(body: object, limits: object = {}) {
  const { key } = (await callGateway(gateway, 'POST /key/generate', { body: limits })).body;
  const answer = await callGateway(gateway, 'POST /v1/chat/completions', {
    key,
    body: { messages: MESSAGES, ...body },
  });
  const [sent] = bodies;
  return { answer, sent, key };
}

describe("a deployment's request defaults", () => {
  test('fill the gaps of a request and nothing else', async () => {
    const { sent } = await chat({ model: 'warm' });
    expect(sent).toEqual({
      model: 'm',
      messages: MESSAGES,
      temperature: 0.2,
      stop: ['\n'],
      guided_choice: ['a'],
    });
    const said = await chat({ model: 'warm', temperature: 1, stop: null });
    expect(said.answer.status).toBe(200);
    expect(bodies[1]).toEqual({ model: 'm', messages: MESSAGES, temperature: 1, stop: null, guided_choice: ['a'] });
  });

  test('are kept from operations that do not know them', async () => {
    await callGateway(gateway, 'POST /v1/embeddings', { body: { model: 'warm', input: 'hi' } });
    expect(bodies).toEqual([{ model: 'm', input: 'hi', guided_choice: ['a'] }]);
  });
});

describe('a default max_tokens', () => {
  test('is what a hard budget holds, and is passed on where it can be paid', async () => {
    const { answer, sent } = await chat({ model: 'short' }, { max_budget: 1, budget_mode: 'hard' });
    expect(answer.status).toBe(200);
    expect(sent).toMatchObject({ max_tokens: 1000 });
    expect(sent).not.toHaveProperty('max_completion_tokens');
  });

  test('is lowered by a hard budget that can pay for less', async () => {
    const { sent } = await chat({ model: 'short' }, { max_budget: 0.4, budget_mode: 'hard' });
    expect(sent).toMatchObject({ max_tokens: 400 });
  });

  test('gives way to what the client asks for', async () => {
    const { sent } = await chat({ model: 'short', max_completion_tokens: 300 }, { max_budget: 1, budget_mode: 'hard' });
    expect(sent).toMatchObject({ max_completion_tokens: 300 });
    expect(sent).not.toHaveProperty('max_tokens');
  });

  test('counts in a token limit', async () => {
    const { answer } = await chat({ model: 'short' }, { tpm_limit: 900 });
    expect(answer.status).toBe(429);
    expect(bodies).toEqual([]);
  });

  test('of one deployment does not bound the calls that another may get, nor does the budget raise it', async () => {
    // 16,384 tokens, the most that is assumed of a model without a known limit, cost 16.38 dollars.
    const { sent, key } = await chat({ model: 'mixed' }, { max_budget: 20, budget_mode: 'hard' });
    expect(sent).toMatchObject({ model: 'm', max_tokens: 300 });
    const explained = await callGateway(gateway, 'POST /key/explain', { body: { key, model: 'mixed' } });
    expect(JSON.stringify(explained.body)).toContain('16.384');
  });
});
