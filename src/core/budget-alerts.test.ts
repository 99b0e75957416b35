import { describe, expect, test } from 'vitest';
import { findCrossings, type WatchedBudget } from './budget-alerts.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 10, 1);
const month = { startMs: START, endMs: START + 30 * DAY };

const budget = (over: Partial<WatchedBudget> = {}): WatchedBudget => ({
  counter: 'key:key_1/spend',
  maxBudgetNanoUsd: 1_000,
  softBudgetNanoUsd: null,
  window: null,
  ...over,
});
const told = (spent: number, over: Partial<WatchedBudget> = {}, nowMs = START) =>
  findCrossings(budget(over), spent, nowMs).map(({ event, id }) => `${event} ${id.split('/').at(-2)}`);

const NONE: string[] = [];
const AT_80 = ['threshold_crossed 80'];
const AT_95 = [...AT_80, 'threshold_crossed 95'];
const AT_100 = [...AT_95, 'budget_crossed 100'];

describe('thresholds', () => {
  test.each([
    [0, NONE],
    [799, NONE],
    [800, AT_80],
    [949, AT_80],
    [950, AT_95],
    [999, AT_95],
    [1_000, AT_100],
    [5_000, AT_100],
  ])('a spend of %i of 1000 crosses %j', (spent, expected) => {
    expect(told(spent)).toEqual(expected);
  });

  test.each([
    ['a budget of nothing', { maxBudgetNanoUsd: 0 }],
    ['no budget', { maxBudgetNanoUsd: null }],
    ['a soft budget of nothing', { maxBudgetNanoUsd: null, softBudgetNanoUsd: 0 }],
  ])('%s has nothing to cross', (_name, over) => {
    expect(told(10, over)).toEqual(NONE);
  });

  test('a soft budget stands by itself', () => {
    expect(told(99, { softBudgetNanoUsd: 100 })).toEqual(NONE);
    expect(told(100, { softBudgetNanoUsd: 100 })).toEqual(['soft_budget_crossed soft']);
    expect(told(100, { softBudgetNanoUsd: 100, maxBudgetNanoUsd: null })).toEqual(['soft_budget_crossed soft']);
  });
});

describe('the projection', () => {
  const projected = (spent: number, elapsed: number, window: WatchedBudget['window'] = month) =>
    findCrossings(budget({ window }), spent, START + elapsed).find(({ event }) => event === 'projected_limit_exceeded');

  test('tells what will have been spent, and on which day the budget ends', () => {
    expect(projected(500, 10 * DAY)).toMatchObject({
      projectedSpendNanoUsd: 1_500,
      projectedExceededDate: '2026-11-21',
    });
  });

  test.each([
    ['exactly the budget', 500, 15 * DAY, month],
    ['less than a tenth of the window is over', 700, 3 * DAY - 1, month],
    ['nothing is spent', 0, 10 * DAY, month],
    ['it is used up already', 1_000, 10 * DAY, month],
    ['it has no window', 500, 10 * DAY, null],
  ])('is silent where %s', (_name, spent, elapsed, window) => {
    expect(projected(spent, elapsed, window)).toBeUndefined();
  });

  test('begins with the tenth part of the window', () => {
    expect(projected(101, 3 * DAY)).toBeDefined();
  });
});

describe('the id', () => {
  const ids = (over: Partial<WatchedBudget>, spent = 1_000) =>
    findCrossings(budget(over), spent, START).map(({ id }) => id);

  test('is the same however much more is spent', () => {
    expect(ids({}, 1_000)).toEqual(ids({}, 2_000));
    expect(new Set(ids({})).size).toBe(3);
  });

  test('is another one in the next window, for another owner and another amount', () => {
    const all = [{}, { counter: 'key:key_1/spend:1d@5' }, { counter: 'user:key_1/spend' }, { maxBudgetNanoUsd: 900 }];
    expect(new Set(all.flatMap((over) => ids(over))).size).toBe(12);
  });
});
