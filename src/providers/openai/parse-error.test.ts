import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeStreamError, parseError } from './parse-error.ts';
import { redactSecrets } from './redact-secrets.ts';

const parse = (body: unknown, secrets: string[] = []) =>
  parseError(400, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), secrets);

describe('parseError', () => {
  const openai = { message: 'Bad n', type: 'invalid_request_error', param: 'n', code: 'bad_value' };
  const cases: [name: string, body: unknown, expected: Partial<ReturnType<typeof parse>>][] = [
    ['OpenAI', { error: openai }, openai],
    [
      'a number for a code',
      { error: { message: 'x', code: 429 } },
      { message: 'x', code: '429', type: null, param: null },
    ],
    ['an error that is a text', { error: 'model not found' }, { message: 'model not found', type: null }],
    [
      'a bare message',
      { object: 'error', message: 'too long', type: 'BadRequestError', code: 400 },
      { message: 'too long', type: 'BadRequestError', code: '400' },
    ],
    ["FastAPI's detail", { detail: 'Not Found' }, { message: 'Not Found' }],
    [
      "FastAPI's list",
      { detail: [{ loc: ['body', 'n'], msg: 'too small', type: 'value_error' }, { msg: 'and odd' }] },
      { message: 'too small; and odd', type: 'value_error' },
    ],
    ['a list of errors', { errors: [{ message: 'a' }, 'b'] }, { message: 'a; b' }],
    [
      'an error in a list',
      [{ error: { code: 400, message: 'API key not valid', status: 'INVALID' } }],
      { message: 'API key not valid', code: '400' },
    ],
    ['an error in an error', { error: { error: openai } }, openai],
    ['JSON in a message', { error: { message: JSON.stringify({ error: openai }), type: 'outer' } }, openai],
    ['plain text', 'upstream connect error', { message: 'upstream connect error', type: null }],
    [
      'HTML with a title',
      '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>x</body></html>',
      { message: '502 Bad Gateway' },
    ],
    [
      'HTML without one',
      '<html><style>p{}</style><p>Sorry,\n we   are down</p></html>',
      { message: 'Sorry, we are down' },
    ],
    ['broken JSON', '{"error":{"message":"cut', { message: '{"error":{"message":"cut' }],
    ['nothing', '', { message: 'HTTP status 400 without a message' }],
    ['an empty object', {}, { message: 'HTTP status 400 without a message' }],
    ['null for an error', { error: null, message: 'why' }, { message: 'why' }],
    ['control characters', { error: { message: 'a\u0000b\r\nc\u007f' } }, { message: 'a b c' }],
  ];
  test.each(cases)('reads %s', (_, body, expected) => {
    expect(parse(body)).toMatchObject(expected);
  });

  test('is bounded, however much comes', () => {
    const { message, type } = parse({ error: { message: 'x'.repeat(50_000), type: 'y'.repeat(5_000) } });
    expect(message.length).toBeLessThanOrEqual(2_001);
    expect(type?.length).toBeLessThanOrEqual(201);
    const deep = `${'{"error":'.repeat(2_000)}"x"${'}'.repeat(2_000)}`;
    expect(parse(deep).message).toBe('HTTP status 400 without a message');
  });

  const leaks: [text: string, secret: string][] = [
    ['Incorrect API key provided: sk-abcd1234********wxyz. You can find yours', 'sk-abcd'],
    ['Incorrect API key provided: sk-proj-abcDEF_123-456.', 'abcDEF_123'],
    ['got header Authorization: Bearer abc.DEF-123', 'abc.DEF-123'],
    ['Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['gsk_0123456789abcdef is expired', 'gsk_0123'],
    ['key AIzaSyA1234567890abcdefg is bad', 'AIzaSy'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.sig-nature expired', 'eyJhbGci'],
    ['{"api_key": "0a1b2c3d4e"} refused', '0a1b2c3d4e'],
    ['POST https://user:hunter2@internal/v1 failed', 'hunter2'],
    ['Incorrect API key provided: 0a1b2c3d4e5f.', '0a1b2c3d'],
    ['the key 0123-own-key-of-deployment was refused', '0123-own-key'],
  ];
  test.each(leaks)('takes the credential out of: %s', (text, secret) => {
    for (const body of [text, { error: { message: text, type: text, param: text, code: text } }]) {
      const details = parse(body, ['0123-own-key-of-deployment']);
      expect(JSON.stringify(details)).not.toContain(secret);
      expect(details.message).toContain('[redacted]');
    }
  });

  test('leaves ordinary words alone', () => {
    const text =
      "This model's maximum context length is 8192 tokens. See https://platform.openai.com/docs, key_not_found: task-force; the bearer token is missing, Basic Information";
    expect(redactSecrets(text, ['gpt'])).toBe(text);
  });

  test("the deployment's own secrets never come through, wherever the upstream put them", () => {
    const secret = 'zq-31-secret';
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const details = parse({ error: { message: before + secret + after, code: secret } }, [secret]);
        expect(JSON.stringify(details)).not.toContain(secret);
      }),
    );
  });
});

test('whatever bytes come, a message comes of them', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        expect(parseError(500, Buffer.from(bytes), []).message).not.toBe('');
      },
    ),
  );
});

test.each([
  [{ error: { message: 'a' } }, 'a'],
  [{ error: 'b' }, 'b'],
  [{ object: 'error', message: 'c' }, 'c'],
  [{ error: {} }, 'The upstream reported an error without a message'],
  [{ error: null }, null],
  [{ choices: [] }, null],
  ['error', null],
])('describeStreamError of %j', (value, message) => {
  expect(describeStreamError(value)).toBe(message);
});
