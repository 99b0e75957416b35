import { describe, expect, test } from 'vitest';
import { GatewayError } from '../core/gateway-error.ts';
import type { Operation } from '../core/operation.ts';
import { parseCall } from './parse-call.ts';

const MESSAGES = [{ role: 'user', content: 'hi' }];

function refusal(operation: Operation, body: unknown, pathModel: string | null = null): GatewayError {
  try {
    parseCall(operation, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), pathModel);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

test('what a call needs is read, and the text stays as it came', () => {
  const text =
    '{"model":"gpt-4", "messages":[{"role":"user","content":"hi"}],"stream":true,"seed":12345678901234567890}';
  expect(parseCall('chat', Buffer.from(text), null)).toMatchObject({
    text,
    raw: Buffer.from(text),
    model: 'gpt-4',
    stream: true,
  });
});

test('the model in the path wins', () => {
  const raw = Buffer.from(JSON.stringify({ model: 'other', messages: MESSAGES }));
  expect(parseCall('chat', raw, 'deployment-1').model).toBe('deployment-1');
});

test('embeddings are never streams', () => {
  const raw = Buffer.from(JSON.stringify({ model: 'e', input: 'x', stream: true }));
  expect(parseCall('embedding', raw, null).stream).toBe(false);
});

test.each<[string, Operation, unknown, string | null]>([
  ['text that is not JSON', 'chat', '{"model":', null],
  ['nothing', 'chat', '', null],
  ['a list', 'chat', [], null],
  ['null', 'chat', 'null', null],
  ['a model that is a number', 'chat', { model: 5, messages: MESSAGES }, 'model'],
  ['an empty model', 'chat', { model: '', messages: MESSAGES }, 'model'],
  ['a model name without end', 'chat', { model: 'm'.repeat(257), messages: MESSAGES }, 'model'],
  ['no messages', 'chat', { model: 'm' }, 'messages'],
  ['empty messages', 'chat', { model: 'm', messages: [] }, 'messages'],
  ['messages that are text', 'chat', { model: 'm', messages: 'hi' }, 'messages'],
  ['no prompt', 'completion', { model: 'm' }, 'prompt'],
  ['no input', 'embedding', { model: 'm' }, 'input'],
  ['stream that is text', 'chat', { model: 'm', messages: MESSAGES, stream: 'yes' }, 'stream'],
])('%s is a 400 that names the field', (_name, operation, body, param) => {
  const error = refusal(operation, body);
  expect([error.status, error.type, error.param]).toEqual([400, 'invalid_request_error', param]);
});

test('a body may leave the model to its end user’s default', () => {
  const { model } = parseCall('chat', Buffer.from(JSON.stringify({ messages: MESSAGES })), null);
  expect(model).toBeNull();
});

describe('addresses and credentials of upstreams', () => {
  test.each<[string, object]>([
    ['api_base', { api_base: 'http://evil' }],
    ['base_url', { base_url: 'http://evil' }],
    ['api_key', { api_key: 'sk-theirs' }],
    ['extra_headers', { extra_headers: { host: 'evil' } }],
    ['extra_body.api_base', { extra_body: { api_base: 'http://evil' } }],
    ['fallbacks.0.api_base', { fallbacks: [{ model: 'm', api_base: 'http://evil' }] }],
    ['litellm_params.0.litellm_params.api_key', { litellm_params: [{ litellm_params: { api_key: 'x' } }] }],
  ])('%s is refused from a client', (param, field) => {
    expect(refusal('chat', { model: 'm', messages: MESSAGES, ...field }).param).toBe(param);
  });

  test('options that cannot be written again are refused', () => {
    const nested = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    const body = `{"model":"m","messages":[{}],"stream":true,"stream_options":${nested}}`;
    expect(refusal('chat', body)).toMatchObject({ status: 400, param: 'stream_options' });
  });

  test('nesting without end is refused, not followed', () => {
    const nested = '['.repeat(5_000) + ']'.repeat(5_000);
    const body = `{"model":"m","messages":[{}],"extra_body":${nested}}`;
    expect(refusal('chat', body).status).toBe(400);
  });

  test('the words may stand in messages and schemas', () => {
    const tool = {
      type: 'function',
      function: { name: 'f', parameters: { properties: { api_key: { type: 'string' } } } },
    };
    const body = { model: 'm', messages: [{ role: 'user', content: 'api_base' }], tools: [tool] };
    expect(parseCall('chat', Buffer.from(JSON.stringify(body)), null).model).toBe('m');
  });
});
