import { expect, test } from 'vitest';
import { createDestinationBox, createSecretBox } from './secret-box.ts';

const box = createSecretBox('the salt of this test', 'models');

test('what is sealed opens in its own context and nowhere else', () => {
  const sealed = box.seal('sk-provider-ü', 'model-1 api_key');
  expect(sealed).not.toContain('sk-provider');
  expect(box.open(sealed, 'model-1 api_key')).toBe('sk-provider-ü');
  expect(box.open(sealed, 'model-2 api_key')).toBeNull();
  expect(createSecretBox('another salt', 'models').open(sealed, 'model-1 api_key')).toBeNull();
  expect(createSecretBox('the salt of this test', 'sinks').open(sealed, 'model-1 api_key')).toBeNull();
});

test('the same text is sealed differently each time, and damage is noticed', () => {
  const sealed = box.seal('same', 'c');
  expect(box.seal('same', 'c')).not.toBe(sealed);
  expect(box.open(`${sealed.slice(0, -2)}AA`, 'c')).toBeNull();
  expect(box.open('sealed:v1:AAAA', 'c')).toBeNull();
  expect(box.open('plain text', 'c')).toBeNull();
});

test('where texts are to be compared, the same text is sealed to the same words, and only in the same context', () => {
  const repeatable = createDestinationBox('the salt of this test');
  const sealed = repeatable.seal('same', 'a');
  expect(repeatable.seal('same', 'a')).toBe(sealed);
  expect(repeatable.seal('same', 'b')).not.toBe(sealed);
  expect(repeatable.seal('other', 'a')).not.toBe(sealed);
  expect(repeatable.open(sealed, 'a')).toBe('same');
  expect(repeatable.open(sealed, 'b')).toBeNull();
});
