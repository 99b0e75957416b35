import { LRUCache } from 'lru-cache';
import { expect, test } from 'vitest';
import { boundEntries } from './bound-entries.ts';

test('a cache keeps as many entries as it may, those that were used last', () => {
  const cache = new LRUCache<string, number>(boundEntries(3));
  for (const [index, name] of ['a', 'b', 'c'].entries()) cache.set(name, index);
  cache.get('a');
  cache.set('d', 3);
  expect([...cache.keys()].sort()).toEqual(['a', 'c', 'd']);
  cache.delete('c');
  cache.set('e', 4).set('e', 5);
  expect([...cache.entries()].sort()).toEqual([
    ['a', 0],
    ['d', 3],
    ['e', 5],
  ]);
  cache.clear();
  expect(cache.size).toBe(0);
  for (let index = 0; index < 100; index += 1) cache.set(`${index}`, index);
  expect([...cache.keys()]).toEqual(['99', '98', '97']);
});
