import { describe, expect, test } from 'vitest';
import { createDestinationBox, createSecretBox } from './secret-box.ts';

const SALT = 'the salt of this test';
const only = (salt: string) => ({ current: salt, earlier: [] });
const rotated = { current: 'the next salt', earlier: [SALT, 'one before'] };
const box = createSecretBox(only(SALT), 'models');

test('what is sealed opens in its own context and nowhere else', () => {
  const sealed = box.seal('sk-provider-ü', 'model-1 api_key');
  expect(sealed).toMatch(/^sealed:v2:[0-9a-f]{16}:[\w-]+$/);
  expect(sealed).not.toContain('sk-provider');
  expect(box.open(sealed, 'model-1 api_key')).toBe('sk-provider-ü');
  expect(box.open(sealed, 'model-2 api_key')).toBeNull();
  expect(createSecretBox(only('another salt'), 'models').open(sealed, 'model-1 api_key')).toBeNull();
  expect(createSecretBox(only(SALT), 'alerts').open(sealed, 'model-1 api_key')).toBeNull();
});

test('the same text is sealed differently each time, and damage is noticed', () => {
  const sealed = box.seal('same', 'c');
  expect(box.seal('same', 'c')).not.toBe(sealed);
  const otherEnd = sealed.endsWith('AA') ? 'BB' : 'AA';
  for (const damaged of [`${sealed.slice(0, -2)}${otherEnd}`, sealed.replace(':v2:', ':v1:'), `${sealed}.abc`]) {
    expect(box.open(damaged, 'c'), damaged).toBeNull();
    expect(box.reseal(damaged, 'c'), damaged).toBeNull();
  }
  for (const none of ['sealed:v1:AAAA', 'sealed:v2:', 'sealed:v2:0123456789abcdef:AAAA', 'sealed:v3:x', 'plain text']) {
    expect(box.open(none, 'c'), none).toBeNull();
    expect(box.lookAt(none, 'c').key, none).toBe('unknown');
  }
});

test('where texts are to be compared, the same text is sealed to the same words, and only in the same context', () => {
  const repeatable = createDestinationBox(only(SALT));
  const sealed = repeatable.seal('same', 'a');
  expect(repeatable.seal('same', 'a')).toBe(sealed);
  expect(repeatable.seal('same', 'b')).not.toBe(sealed);
  expect(repeatable.seal('other', 'a')).not.toBe(sealed);
  expect(repeatable.open(sealed, 'a')).toBe('same');
  expect(repeatable.open(sealed, 'b')).toBeNull();
  // The mark is bound to the text like everything else.
  expect(repeatable.open(`${sealed.slice(0, -16)}${'A'.repeat(16)}`, 'a')).toBeNull();
});

describe('after a rotation', () => {
  const next = createSecretBox(rotated, 'models');

  test('what was sealed before opens and can be sealed anew, after which the earlier key is not needed', () => {
    const sealed = box.seal('sk-1', 'c');
    expect(next.open(sealed, 'c')).toBe('sk-1');
    expect(next.lookAt(sealed, 'c').key).toBe('earlier');
    const again = next.reseal(sealed, 'c') as string;
    expect(next.lookAt(again, 'c').key).toBe('current');
    expect(next.reseal(again, 'c')).toBe(again);
    expect(createSecretBox(only(rotated.current), 'models').open(again, 'c')).toBe('sk-1');
    expect(box.open(again, 'c')).toBeNull();
    expect(box.lookAt(again, 'c')).toEqual({ keyId: again.split(':')[2], key: 'unknown' });
  });

  test('new credentials are sealed with the current key, and nothing is resealed for another context', () => {
    expect(next.lookAt(next.seal('sk-2', 'c'), 'c').key).toBe('current');
    expect(next.reseal(box.seal('sk-2', 'c'), 'd')).toBeNull();
    expect(createSecretBox(only('stranger'), 'models').reseal(box.seal('sk-2', 'c'), 'c')).toBeNull();
  });

  test('what tells one credential from another, and so its mask, stays', () => {
    const before = createDestinationBox(only(SALT)).seal('token', 'a');
    const again = createDestinationBox(rotated).reseal(before, 'a') as string;
    expect(again).not.toBe(before);
    expect(again.slice(-16)).toBe(before.slice(-16));
    expect(createDestinationBox(rotated).open(again, 'a')).toBe('token');
    expect(createDestinationBox(rotated).reseal(before, 'a')).toBe(again);
  });
});

describe('of the first form, whose texts do not name their key', () => {
  const model = 'sealed:v1:BwcHBwcHBwcHBwcHIo9WMGDPp13Sn3R_nD4ElAWMBTyUfdv7WKKeZT9X';
  const destination = 'sealed:v1:wCeoQy3DNwz6E-MFQwYVztSS4VFsjSrqSjUTb_HIj0wUlBE';

  test('texts open with the current and with an earlier key', () => {
    for (const salts of [only(SALT), rotated]) {
      expect(createSecretBox(salts, 'models').open(model, 'model-1 api_key')).toBe('sk-provider-ü');
      expect(createDestinationBox(salts).open(destination, 'langfuse_secret_key')).toBe('sk-lf-1');
    }
    expect(createSecretBox(only('another'), 'models').open(model, 'model-1 api_key')).toBeNull();
    expect(box.lookAt(model, 'model-1 api_key')).toEqual({ keyId: null, key: 'current' });
  });

  test('they get the second form, also under the same key, and keep their mask', () => {
    const again = createDestinationBox(only(SALT)).reseal(destination, 'langfuse_secret_key') as string;
    expect(again).toMatch(/^sealed:v2:/);
    expect(again.slice(-16)).toBe(destination.slice(-16));
    expect(createDestinationBox(only(SALT)).open(again, 'langfuse_secret_key')).toBe('sk-lf-1');
  });
});
