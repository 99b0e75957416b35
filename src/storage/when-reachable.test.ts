import { expect, test } from 'vitest';
import { whenReachable } from './when-reachable.ts';

test('a database that answers is asked at once', () => {
  expect(whenReachable(() => false)).toBeUndefined();
});

test('one that answers again is waited for', async () => {
  let looks = 0;
  await whenReachable(() => ++looks < 3);
  expect(looks).toBe(3);
});

test('one that stays away is given up', async () => {
  await expect(whenReachable(() => true, 60)).rejects.toMatchObject({ code: 'database_unavailable', status: 503 });
});
