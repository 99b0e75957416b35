import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBatchMemory } from './batch-memory.ts';

const MIB = 1024 * 1024;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a batch is read to where the one before it was', () => {
  const memory = createBatchMemory();
  const first = memory.take(MIB);
  memory.giveBack(first.subarray(0, 100));
  const second = memory.take(MIB / 2);
  expect([second.length, second.buffer === first.buffer]).toEqual([MIB / 2, true]);
});

it('one that is still being sent keeps its place', () => {
  const memory = createBatchMemory();
  const first = memory.take(MIB);
  expect(memory.take(MIB).buffer).not.toBe(first.buffer);
});

it('a larger one gets a larger place, which is kept from then on', () => {
  const memory = createBatchMemory();
  memory.giveBack(memory.take(MIB));
  const larger = memory.take(2 * MIB);
  expect(larger.length).toBe(2 * MIB);
  memory.giveBack(larger);
  expect(memory.take(MIB).buffer).toBe(larger.buffer);
});

it('a destination with nothing more to send keeps nothing', () => {
  const memory = createBatchMemory();
  const first = memory.take(MIB);
  memory.giveBack(first);
  vi.advanceTimersByTime(5_000);
  expect(memory.take(MIB).buffer).not.toBe(first.buffer);
});
