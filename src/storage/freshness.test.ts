import { expect, test } from 'vitest';
import { createFreshness } from './freshness.ts';

/** A process whose clock the test moves, and a database that answers when the test says so. */
function createBench({ graceMs = 60_000 } = {}) {
  const clock = { ms: 1_000_000 };
  const state = { answers: true, polls: 0, forgotten: 0, cutOff: [] as boolean[] };
  const freshness = createFreshness({
    async poll() {
      state.polls += 1;
      if (!state.answers) throw new Error('no answer');
    },
    maxStalenessMs: 2_000,
    outageGraceMs: graceMs,
    forget: () => {
      state.forgotten += 1;
    },
    onCutOff: (cutOff) => state.cutOff.push(cutOff),
    monotonicMs: () => clock.ms,
  });
  /** Time passes as for a process that is awake. */
  async function live(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.ms += 100;
      freshness.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  /** Waits for what `whenCurrent` returned, while time goes on. */
  async function outcome(): Promise<'at once' | 'later' | 'refused'> {
    const waiting = freshness.whenCurrent();
    if (waiting === undefined) return 'at once';
    let result: 'later' | 'refused' | undefined;
    waiting.then(
      () => {
        result = 'later';
      },
      () => {
        result = 'refused';
      },
    );
    while (result === undefined) {
      await live(100);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return result;
  }
  return { freshness, clock, state, live, outcome };
}

test('a process that looks for changes all the time answers from its caches at once', async () => {
  const { freshness, state, live } = createBench();
  await live(60_000);
  expect(freshness.whenCurrent()).toBeUndefined();
  expect(state.polls).toBeLessThanOrEqual(120);
  expect(state.cutOff).toEqual([]);
});

test('one that stood still looks first, and answers when it has looked', async () => {
  const { freshness, clock, state, outcome } = createBench();
  clock.ms += 10_000;
  expect(freshness.isCurrent()).toBe(false);
  expect(await outcome()).toBe('later');
  expect(state.polls).toBe(1);
  expect(freshness.isCurrent()).toBe(true);
});

test('one that stood still refuses for as long as it cannot look, and does not take that for an outage', async () => {
  const { freshness, clock, state, live, outcome } = createBench();
  state.answers = false;
  clock.ms += 10_000;
  expect(await outcome()).toBe('refused');
  await live(30_000);
  expect(await outcome()).toBe('refused');
  expect(state.cutOff).toEqual([]);
  state.answers = true;
  await live(1_000);
  expect(freshness.whenCurrent()).toBeUndefined();
});

test('an answer from before the standstill is none', async () => {
  let answer = (): void => {};
  let polls = 0;
  const clock = { ms: 0 };
  const freshness = createFreshness({
    poll() {
      polls += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    maxStalenessMs: 2_000,
    outageGraceMs: 60_000,
    forget() {},
    onCutOff() {},
    monotonicMs: () => clock.ms,
  });
  freshness.nudge();
  clock.ms = 10_000;
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  expect(freshness.isCurrent()).toBe(false);
  const waiting = freshness.whenCurrent();
  expect(polls).toBe(2);
  answer();
  await waiting;
  expect(freshness.isCurrent()).toBe(true);
});

test('while the database does not answer, known keys go on without waiting, for the time of grace and no longer', async () => {
  const { freshness, state, live, outcome } = createBench({ graceMs: 60_000 });
  await live(5_000);
  state.answers = false;
  for (let second = 0; second < 58; second += 1) {
    await live(1_000);
    expect(freshness.whenCurrent(), `after ${second + 1} s`).toBeUndefined();
  }
  expect(state.cutOff).toEqual([true]);
  await live(3_000);
  expect(await outcome()).toBe('refused');
  state.answers = true;
  await live(1_000);
  expect(freshness.whenCurrent()).toBeUndefined();
  expect(state.cutOff).toEqual([true, false]);
});

test('without a time of grace an outage refuses when what is known is too old', async () => {
  const { state, live, outcome } = createBench({ graceMs: 0 });
  state.answers = false;
  await live(3_000);
  expect(await outcome()).toBe('refused');
});

test('one that stood still during an outage looks before it goes on', async () => {
  const { freshness, clock, state, live, outcome } = createBench();
  state.answers = false;
  await live(5_000);
  expect(freshness.isCutOff()).toBe(true);
  clock.ms += 10_000;
  const asked = state.polls;
  // Still no answer, which is news: nobody could change anything, as far as can be known.
  expect(await outcome()).toBe('later');
  expect(state.polls).toBeGreaterThan(asked);
  clock.ms += 10_000;
  state.answers = true;
  expect(freshness.isCurrent()).toBe(false);
  expect(await outcome()).toBe('later');
  expect(freshness.isCutOff()).toBe(false);
});

test('after a standstill of hours everything that is cached is dropped', async () => {
  const { clock, state, outcome } = createBench();
  clock.ms += 7 * 3_600_000;
  expect(await outcome()).toBe('later');
  expect(state.forgotten).toBe(1);
});

test('a change that is announced while it looks makes it look again', async () => {
  const { freshness, state } = createBench();
  freshness.nudge();
  freshness.nudge();
  freshness.nudge();
  await new Promise((resolve) => setImmediate(resolve));
  expect(state.polls).toBe(2);
});
