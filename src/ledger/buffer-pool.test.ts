import { expect, test } from 'vitest';
import { createBufferPool } from './buffer-pool.ts';

test('a buffer that was given back is taken again, and never by two', () => {
  const pool = createBufferPool();
  const first = pool.take(100_000);
  pool.give(first);
  expect(pool.take(1)).toBe(first);
  expect(pool.take(1)).not.toBe(first);
});

test('what is asked for fits, and one that has grown too large is let go', () => {
  const pool = createBufferPool();
  pool.give(pool.take(1_000));
  expect(pool.take(500_000).length).toBeGreaterThanOrEqual(500_000);
  const huge = pool.take(5_000_000);
  pool.give(huge);
  expect(pool.take(1)).not.toBe(huge);
});
