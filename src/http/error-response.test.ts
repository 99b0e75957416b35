import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { GatewayError } from '../core/gateway-error.ts';
import { toErrorResponse, toRetryAfterSeconds } from './error-response.ts';
import { RequestInvalid } from './zod-validation.ts';

const facts = { requestId: 'id-1', bodyLimitBytes: 1_000 };

function invalid(schema: z.ZodType, input: unknown, part = 'body'): RequestInvalid {
  const issues = schema.safeParse(input).error?.issues;
  if (issues === undefined) throw new Error('the input is valid');
  return new RequestInvalid(part, issues, input);
}

describe('a refusal', () => {
  test('keeps its words, headers and moment to retry', () => {
    const error = new GatewayError('rate_limited', 'Too many.', {
      param: 'rpm_limit',
      retryAfterMs: 59_001,
      headers: { reset_at: 'soon' },
    });
    expect(toErrorResponse(error, facts)).toEqual({
      status: 429,
      headers: { reset_at: 'soon', 'retry-after': '60' },
      body: { error: { message: 'Too many.', type: 'throttling_error', param: 'rpm_limit', code: '429' } },
      isFault: false,
    });
  });

  test.each([
    [0, 1],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [59_999, 60],
  ])('after %d ms is retried after %d whole seconds', (ms, seconds) => {
    expect(toRetryAfterSeconds(ms)).toBe(seconds);
  });

  test('by the upstream keeps the upstream’s status', () => {
    const error = new GatewayError('upstream_error', 'No.', { upstream: { status: 418, type: 'teapot' } });
    expect(toErrorResponse(error, facts)).toMatchObject({
      status: 418,
      body: { error: { type: 'teapot', code: '418' } },
    });
  });
});

describe('a fault', () => {
  test.each([
    ['an error', new Error('the inner secret')],
    ['a string', 'the inner secret'],
    ['nothing', undefined],
    ['an error of the framework’s own', Object.assign(new Error('secret'), { code: 'FST_ERR_X', statusCode: 500 })],
  ])('(%s) is one sentence and the request id', (_name, error) => {
    expect(toErrorResponse(error, facts)).toEqual({
      status: 500,
      headers: {},
      body: {
        error: {
          message: 'Internal Server Error. (request id id-1)',
          type: 'internal_server_error',
          param: null,
          code: '500',
        },
      },
      isFault: true,
    });
  });

  test('of the database names the request and when to come again', () => {
    const error = new GatewayError('database_unavailable', 'No connected db.', {
      retryAfterMs: 1_000,
      cause: 'password',
    });
    expect(toErrorResponse(error, facts)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { error: { message: 'No connected db. (request id id-1)' } },
      isFault: true,
    });
  });
});

describe('an invalid request', () => {
  const schema = z.object({
    max_budget: z.number().min(0).optional(),
    key: z.string().max(10).optional(),
    tags: z.array(z.string()).optional(),
    metadata: z
      .looseObject({ logging: z.array(z.looseObject({ callback_vars: z.record(z.string(), z.string()) })) })
      .optional(),
  });

  test.each([
    [{ max_budget: -1 }, 'max_budget', { type: 'greater_than_equal', loc: ['body', 'max_budget'], input: -1 }],
    [{ max_budget: 'x' }, 'max_budget', { type: 'float_type', input: 'x' }],
    [{ tags: ['a', 7] }, 'tags.1', { type: 'string_type', loc: ['body', 'tags', 1], input: 7 }],
    [{ tags: 'a' }, 'tags', { type: 'list_type' }],
    [undefined, 'body', { type: 'missing', loc: ['body'], msg: 'Field required' }],
    [[], 'body', { type: 'dict_type', loc: ['body'] }],
  ])('%j names the field in both envelopes', (input, param, entry) => {
    const { status, body } = toErrorResponse(invalid(schema, input), facts);
    expect([status, body]).toMatchObject([
      422,
      { error: { type: 'validation_error', param, code: '422' }, detail: [entry] },
    ]);
  });

  test('never repeats a secret', () => {
    const secret = 'sk-secret-secret-secret';
    const bodies = [
      { key: secret },
      { key: { nested: secret } },
      { metadata: { logging: [{ callback_vars: { langfuse_secret: { deep: secret } } }] } },
      { metadata: { logging: [{ secret }] } },
      { max_budget: { secret } },
      { tags: secret.repeat(20) },
    ];
    for (const input of bodies) {
      expect(JSON.stringify(toErrorResponse(invalid(schema, input), facts).body)).not.toContain('secret-secret');
    }
  });

  test('with thousands of faults gets a short answer', () => {
    const input = { tags: Array.from({ length: 5_000 }, () => 1) };
    expect(toErrorResponse(invalid(schema, input), facts).body.detail).toHaveLength(20);
  });
});
