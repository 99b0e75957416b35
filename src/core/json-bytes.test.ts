import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ascii, JsonBytes } from './json-bytes.ts';

const written = (write: (out: JsonBytes) => void): string => {
  // So small that it grows under whatever is written.
  const out = new JsonBytes(1);
  write(out);
  return out.toString();
};

test('says what a general serialiser says, the first time and again', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  );
  fc.assert(
    fc.property(text, (value) => {
      const expected = JSON.stringify(value);
      expect(written((out) => out.text(value))).toBe(expected);
      for (let time = 0; time < 2; time += 1) expect(written((out) => out.name(value))).toBe(expected);
      expect(written((out) => out.names([value, 'a', value]))).toBe(JSON.stringify([value, 'a', value]));
      expect(written((out) => out.object({ [value]: value }))).toBe(JSON.stringify({ [value]: value }));
    }),
  );
  expect(written((out) => out.text('x'.repeat(300)))).toBe(JSON.stringify('x'.repeat(300)));
  expect(written((out) => out.name('ü'.repeat(300)))).toBe(JSON.stringify('ü'.repeat(300)));
});

test('numbers are what they were', () => {
  const number = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.integer(), fc.nat(20));
  fc.assert(
    fc.property(number, fc.constantFrom(0, 3, 9), (value, places) => {
      const read = JSON.parse(written((out) => out.scaled(value, places))) as number | null;
      expect(read).toBe(Number.isFinite(value) ? value / 10 ** places + 0 : null);
    }),
  );
  expect(
    [0, -0, -1, 10, 999_999_999, 1_000_000_000, Number.MAX_SAFE_INTEGER].map((one) =>
      written((out) => out.number(one)),
    ),
  ).toEqual(['0', '0', '-1', '10', '999999999', '1000000000', '9007199254740991']);
  expect([1_500, 20, 0, -1].map((ms) => written((out) => out.scaled(ms, 3)))).toEqual(['1.5', '0.02', '0', '-0.001']);
  expect(written((out) => out.number(null))).toBe('null');
});

test('what stands behind the end may be written over, and a copy stays what it was', () => {
  const out = new JsonBytes(8);
  out.raw(ascii('{"a":'));
  const start = out.end;
  out.boolean(true);
  const copy = out.copy(start);
  out.end = start;
  out.object({});
  out.byte(0x7d);
  expect(out.toString()).toBe('{"a":{}}');
  expect(Buffer.from(copy).toString()).toBe('true');
});

test('what one record made large is given back by the next', () => {
  const out = new JsonBytes(64);
  out.text('x'.repeat(2 * 1024 * 1024));
  out.clear();
  expect([out.end, out.bytes.length]).toEqual([0, 64]);
  out.text('y');
  expect(out.toString()).toBe('"y"');
});

test('an escape is noticed in each name that has one, and is not forgotten for a name that has none', () => {
  const out = new JsonBytes();
  for (let time = 0; time < 2; time += 1) {
    out.hasUnicodeEscapes = false;
    out.name('a name with a control \u0001 character');
    expect(out.hasUnicodeEscapes).toBe(true);
    out.name('a name without anything of the kind');
    expect(out.hasUnicodeEscapes).toBe(true);
  }
});

test('more names than are kept are written all the same', () => {
  for (let index = 0; index < 10_000; index += 1) {
    const name = `a name that is long "${index}`;
    expect(written((out) => out.name(name))).toBe(JSON.stringify(name));
  }
});
