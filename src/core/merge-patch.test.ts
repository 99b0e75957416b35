import { describe, expect, test } from 'vitest';
import { mergePatch } from './merge-patch.ts';

describe('mergePatch', () => {
  test.each([
    ['keeps what is not mentioned', { a: 1, b: 2 }, { b: 3 }, { a: 1, b: 3 }],
    ['takes out what is null', { a: 1, b: 2 }, { b: null }, { a: 1 }],
    ['goes down into objects', { s: { x: 1, y: 2 } }, { s: { y: 3, z: 4 } }, { s: { x: 1, y: 3, z: 4 } }],
    ['takes out of objects', { s: { x: 1, y: 2 } }, { s: { x: null } }, { s: { y: 2 } }],
    ['is nothing when it is empty', { a: 1 }, {}, { a: 1 }],
    ['replaces lists as a whole', { list: [1, 2] }, { list: [3] }, { list: [3] }],
    ['leaves no null behind in what is new', { a: 'text' }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  ])('%s', (_, target, patch, merged) => {
    expect(mergePatch(target, patch)).toEqual(merged);
  });

  test('sets a member called __proto__ as any other, and no prototype', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}'));
    expect(Object.hasOwn(merged, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
