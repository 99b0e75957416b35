import { expect, test } from 'vitest';
import { createRequestIds } from './new-request-id.ts';

test('an id is a UUID of version 7 that begins with its time', () => {
  const newRequestId = createRequestIds(() => 0x0192_3456_789a);
  const ids = Array.from({ length: 100 }, newRequestId);
  for (const id of ids) expect(id).toMatch(/^01923456-789a-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(100);
});

test('ids of later milliseconds sort behind earlier ones', () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const newRequestId = createRequestIds(() => (nowMs += 1));
  const ids = Array.from({ length: 100 }, newRequestId);
  expect([...ids].sort()).toEqual(ids);
});
