import { describe, expect, test } from 'vitest';
import { findCrossings, listWatchedBudgets, type WatchedBudget } from './budget-alerts.ts';
import { createBudgetCalendar } from './budget-window.ts';
import { NO_LIMITS } from './limits.ts';
import { plainPolicy } from './owner-policy.ts';
import { spendCounter } from './spend-counter.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 10, 1);
const month = { startMs: START, endMs: START + 30 * DAY };

const budget = (over: Partial<WatchedBudget> = {}): WatchedBudget => ({
  counter: 'key:key_1/spend',
  maxBudgetNanoUsd: 1_000,
  softBudgetNanoUsd: null,
  window: null,
  model: null,
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

describe('what is watched of an owner', () => {
  const calendar = createBudgetCalendar({ timeZone: 'UTC' });
  const owner = { kind: 'key', id: 'key_1' } as const;
  const modelMaxBudget = {
    dear: { maxBudgetNanoUsd: 300, budgetDuration: '1d' },
    'once/and for all': { maxBudgetNanoUsd: 400, budgetDuration: null },
  };
  const listed = (over: Partial<typeof NO_LIMITS>, soft: number | null = null) =>
    listWatchedBudgets(plainPolicy(owner, { ...NO_LIMITS, ...over }), soft, calendar, START + 5);

  test('nothing where there is no budget', () => {
    expect(listed({ budgetDuration: '1d' })).toEqual([]);
  });

  test('its own budget, those beside it, and that of each model, under the counters that calls move', () => {
    const budgets = listed({
      maxBudgetNanoUsd: 100,
      budgetLimits: [{ budgetDuration: '1h', maxBudgetNanoUsd: 10 }],
      modelMaxBudget,
    });
    expect(budgets.map(({ model, maxBudgetNanoUsd }) => [model, maxBudgetNanoUsd])).toEqual([
      [null, 100],
      [null, 10],
      ['dear', 300],
      ['once/and for all', 400],
    ]);
    const counters = Object.keys(modelMaxBudget).map((model) =>
      spendCounter(calendar, owner, { budgetDuration: null, modelMaxBudget }, START + 5, model),
    );
    expect(budgets.slice(2).map(({ counter }) => counter)).toEqual(counters);
    expect(budgets.map(({ window }) => window?.startMs ?? null)).toEqual([null, START, START, null]);
  });

  test('a soft budget is that of all models', () => {
    const soft = listed({ modelMaxBudget }, 50).map(({ model, softBudgetNanoUsd }) => [model, softBudgetNanoUsd]);
    expect(soft).toEqual([
      [null, 50],
      ['dear', null],
      ['once/and for all', null],
    ]);
  });

  test('thresholds of two models are two facts', () => {
    const ids = listed({ modelMaxBudget }).flatMap((each) => findCrossings(each, 1_000, START + 5).map(({ id }) => id));
    expect(new Set(ids).size).toBe(6);
  });
});
