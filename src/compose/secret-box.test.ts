import { expect, test } from 'vitest';
import { createSecretBox } from './secret-box.ts';

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
