import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSecret, hasWrongChecksum } from './secret-checksum.ts';

const secrets = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatSecret);

describe('a secret that the gateway makes', () => {
  test('has this form, and never another', () => {
    expect(formatSecret(new Uint8Array(16))).toBe('sk-lkv100000000000000000000000ux4hn');
    fc.assert(
      fc.property(secrets, (secret) => {
        expect(secret).toMatch(/^sk-lkv1[0-9A-Za-z]{28}$/);
        expect(hasWrongChecksum(secret)).toBe(false);
      }),
    );
  });

  test('holds all of its 128 random bits', () => {
    expect(formatSecret(new Uint8Array(16).fill(255)).slice(7, 29)).toBe('7n42DGM5Tflk9n8mt7Fhc7');
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(127), (bytes, bit) => {
        const other = bytes.slice();
        other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(formatSecret(other)).not.toBe(formatSecret(bytes));
      }),
    );
  });

  test('is known as corrupted when any one character is another, or two neighbours have changed places', () => {
    const digit = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');
    fc.assert(
      fc.property(secrets, fc.integer({ min: 7, max: 34 }), digit, (secret, at, replacement) => {
        fc.pre(secret[at] !== replacement);
        expect(hasWrongChecksum(secret.slice(0, at) + replacement + secret.slice(at + 1))).toBe(true);
      }),
    );
    fc.assert(
      fc.property(secrets, fc.integer({ min: 7, max: 33 }), (secret, at) => {
        fc.pre(secret[at] !== secret[at + 1]);
        const swapped = `${secret.slice(0, at)}${secret[at + 1]}${secret[at]}${secret.slice(at + 2)}`;
        expect(hasWrongChecksum(swapped)).toBe(true);
      }),
    );
  });

  test('is known as corrupted when it is cut short or goes on', () => {
    fc.assert(
      fc.property(secrets, fc.integer({ min: 7, max: 34 }), (secret, length) => {
        fc.pre(length !== 25);
        expect(hasWrongChecksum(secret.slice(0, length))).toBe(true);
        expect(hasWrongChecksum(`${secret}${secret[10]}`)).toBe(true);
      }),
    );
  });
});

test.each([
  ['LiteLLM’s form', 'sk-QWrxEynunsNpV1zT48HIrw'],
  ['LiteLLM’s form that begins like ours', 'sk-lkv1EynunsNpV1zT48HIrw'],
  ['words', 'sk-lkv1-my-own-key-000000000000000'],
  ['another marker', 'sk-lkv2000000000000000000000000000a'],
  ['a dot', 'sk-lkv10000000000000000000000.00000'],
  ['hex', `sk-${'0123456789abcdef'.repeat(3)}`],
  ['no secret at all', ''],
])('text in another form has no checksum to be wrong: %s', (_name, text) => {
  expect(hasWrongChecksum(text)).toBe(false);
});
