import { expect, test } from 'vitest';
import { readUserId } from './user-id.ts';

test.each([
  ['/user/info', undefined, null],
  ['/user/info?user_id=', '', null],
  ['/user/info?user_id=ada', 'ada', 'ada'],
  ['/user/info?user_id=a+b@c.example', 'a b@c.example', 'a+b@c.example'],
  ['/user/info?x=1&user_id=a%2Bb+c%20d&y=2', 'a+b c d', 'a+b+c d'],
  ['/user/info?user_id=a%20b', 'a b', 'a b'],
  ['/user/info?user_id=a+%', 'a %', 'a %'],
])('%s names %j as %j', (url, parsed, id) => {
  expect(readUserId(url, parsed)).toBe(id);
});
