import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { assertHookAllows } from './key-generate-hook.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('a hook that never answers lets nothing through, after ten seconds', async () => {
  const refused = expect(assertHookAllows(() => new Promise(() => {}), {})).rejects.toMatchObject({
    status: 403,
    message: 'The custom_key_generate hook did not answer within 10 seconds, so no key was made.',
  });
  vi.advanceTimersByTime(9_999);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1);
  await refused;
});

test('a failure that comes too late disturbs nobody', async () => {
  let fail = (_error: Error): void => {};
  const slow = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const refused = expect(assertHookAllows(() => slow, {})).rejects.toMatchObject({ status: 403 });
  vi.advanceTimersByTime(10_000);
  await refused;
  fail(new Error('late'));
  await Promise.resolve();
});

test('no timer is left when it answers', async () => {
  await assertHookAllows(async () => ({}), {});
  await expect(assertHookAllows(async () => ({ decision: false }), {})).rejects.toMatchObject({ status: 403 });
  expect(vi.getTimerCount()).toBe(0);
});

test.each([undefined, null, 5, 'yes', false])(
  'an answer that is no verdict lets nothing through: %j',
  async (answer) => {
    await expect(assertHookAllows(async () => answer as never, {})).rejects.toMatchObject({
      status: 403,
      message: 'The custom_key_generate hook gave no verdict, so no key was made.',
    });
  },
);

test.each([false, null, 0, ''])(
  'an empty decision refuses, with a text whatever the message is: %j',
  async (decision) => {
    await expect(assertHookAllows(async () => ({ decision, message: { a: 1 } }), {})).rejects.toMatchObject({
      status: 403,
      message: 'Authentication Failed - Custom Auth Rule',
    });
  },
);
