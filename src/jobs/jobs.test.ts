import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLastActiveRecorder } from './last-active-recorder.ts';
import { startTicker } from './ticker.ts';

describe('a ticker', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('runs again after a failure, which it reports', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const ticker = startTicker({
      everyMs: 10,
      run: () => {
        runs += 1;
        if (runs === 1) throw new Error('first');
      },
      onError: (error) => errors.push(error),
    });
    await vi.advanceTimersByTimeAsync(25);
    await ticker.stop();
    expect(runs).toBe(2);
    expect(errors).toEqual([new Error('first')]);
  });

  test('never runs twice at a time, and stops only when the run under way has ended', async () => {
    let end = (): void => {};
    let runs = 0;
    const ticker = startTicker({
      everyMs: 10,
      run: () => {
        runs += 1;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      },
      onError: () => {},
    });
    await vi.advanceTimersByTimeAsync(50);
    expect(runs).toBe(1);
    let stopped = false;
    const stopping = ticker.stop().then(() => {
      stopped = true;
    });
    await Promise.resolve();
    expect(stopped).toBe(false);
    end();
    await stopping;
    await vi.advanceTimersByTimeAsync(50);
    expect(runs).toBe(1);
  });
});

test('uses are written once each: those of every secret, and the newest of a key', async () => {
  const written: [string, number][][] = [];
  const uses: [string, { atMs: number; calls: number }][][] = [];
  let isDown = true;
  const recorder = createLastActiveRecorder({
    addSecretUses: async (batch) => {
      if (isDown) throw new Error('down');
      uses.push([...batch]);
    },
    touch: async (batch) => {
      written.push([...batch]);
    },
  });
  recorder.note('key_a', 'old', 1);
  recorder.note('key_b', 'b', 2);
  recorder.note('key_a', 'new', 3);
  await expect(recorder.flush()).rejects.toThrow('down');
  isDown = false;
  recorder.note('key_a', 'old', 2);
  await recorder.flush();
  await recorder.flush();
  expect(uses).toEqual([
    [
      ['old', expect.objectContaining({ atMs: 2, calls: 2 })],
      ['b', expect.objectContaining({ atMs: 2, calls: 1 })],
      ['new', expect.objectContaining({ atMs: 3, calls: 1 })],
    ],
  ]);
  expect(written).toEqual([
    [
      ['key_a', 3],
      ['key_b', 2],
    ],
  ]);
});
