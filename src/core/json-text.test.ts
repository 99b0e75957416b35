import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namesText, numberText, objectText, quote, quoteName } from './json-text.ts';

test('says what a general serialiser says, the first time and again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const expected = JSON.stringify(text);
      expect([quote(text), quoteName(text), quoteName(text)]).toEqual([expected, expected, expected]);
      expect(namesText([text, 'a'])).toBe(JSON.stringify([text, 'a']));
    }),
  );
  fc.assert(fc.property(fc.double(), (value) => numberText(value) === JSON.stringify(value)));
  expect([quote(null), quoteName(null), numberText(null), namesText([]), objectText({})]).toEqual([
    'null',
    'null',
    'null',
    '[]',
    '{}',
  ]);
  expect(objectText({ a: ['"'] })).toBe('{"a":["\\""]}');
});

test('more names than are kept are quoted all the same', () => {
  for (let index = 0; index < 10_000; index += 1) expect(quoteName(`n"${index}`)).toBe(`"n\\"${index}"`);
});
