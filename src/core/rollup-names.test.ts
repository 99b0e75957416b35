import { expect, test } from 'vitest';
import { cutName, toRollupName, toTagList, toTagSetId } from './rollup-names.ts';

test('names up to the limit stay as they are, and longer ones that differ remain two', () => {
  expect(cutName('abc', 3)).toBe('abc');
  expect(cutName('x'.repeat(129), 128)).toHaveLength(128);
  expect(toRollupName(null)).toBe('');
  expect(toRollupName('n'.repeat(500))).not.toBe(toRollupName('n'.repeat(501)));
});

test('the same tags are the same set, in whatever order and however often they are named', () => {
  expect(toTagList(['b', 'a', 'b'])).toBe('["a","b"]');
  expect(toTagList([])).toBe('');
  expect(toTagSetId('')).toBe('');
  expect(toTagSetId(toTagList(['b', 'a']))).toBe(toTagSetId(toTagList(['a', 'b', 'a'])));
  expect(toTagSetId(toTagList(['a","b']))).not.toBe(toTagSetId(toTagList(['a', 'b'])));
  expect(toTagSetId(toTagList(['a'.repeat(10_000)]))).toHaveLength(32);
});
