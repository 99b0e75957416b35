import { expect, test } from 'vitest';
import { createBudgetCalendar } from '../../core/budget-window.ts';
import { counterId } from '../../core/counter-id.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import { spendCounter } from '../../core/spend-counter.ts';
import { planSpend, type TakenSpend, type WindowSpend } from './plan-spend.ts';

const NOW = Date.UTC(2026, 4, 31, 12);
const calendar = createBudgetCalendar({ timeZone: 'UTC' });
const ref = { kind: 'key', id: 'key_1' } as const;
const limit = (budgetDuration: string) => ({ budgetDuration, maxBudgetNanoUsd: 100 });
const spent = (duration: string, startMs: number, nanoUsd: number): WindowSpend => ({ duration, startMs, nanoUsd });

function plan(spend: Partial<TakenSpend>, limits: Partial<typeof NO_LIMITS>): Record<string, number> {
  const deps = {
    spendCounter: spendCounter.bind(null, calendar),
    windowEndMs: (duration: string, atMs: number) => calendar.windowAt(duration, atMs).endMs,
  };
  const nothing = { ref, nanoUsd: 0, lifeNanoUsd: 0, resetAtMs: null, byModel: {}, windows: [] };
  const moves = planSpend(deps, { ...nothing, ...spend }, { ...NO_LIMITS, ...limits }, NOW);
  expect(new Set(moves.map(({ id }) => id)).size).toBe(moves.length);
  return Object.fromEntries(moves.map(({ counter, deltaNanoUsd }) => [counter, deltaNanoUsd]));
}

const life = counterId(ref, 'spend');
const inWindow = (duration: string) =>
  counterId(ref, 'spend', undefined, { duration, startMs: calendar.windowAt(duration, NOW).startMs });

test('the balance of a life takes all of it, and the window what was spent in it', () => {
  const spend = { nanoUsd: 3, lifeNanoUsd: 30 };
  expect(plan(spend, { budgetDuration: '30d' })).toEqual({ [life]: 30, [inWindow('30d')]: 3 });
  // The column came later than the spend.
  expect(plan({ nanoUsd: 3, lifeNanoUsd: 1 }, { budgetDuration: '30d' })).toEqual({ [life]: 3, [inWindow('30d')]: 3 });
  expect(plan({ ...spend, resetAtMs: NOW }, { budgetDuration: '30d' })).toEqual({ [life]: 30 });
});

test('a budget without a window begins with what it had used up, not with what was spent before its last reset', () => {
  expect(plan({ nanoUsd: 3, lifeNanoUsd: 30 }, {})).toEqual({ [life]: 3 });
});

test('the open window of a further budget takes its spend along; one that has ended and one of another length do not', () => {
  const day = Date.UTC(2026, 4, 31);
  const windows = [
    spent('1d', day, 5),
    spent('24h', day, 6),
    spent('2h', day, 7),
    spent('7d', day - 8 * 86_400_000, 8),
  ];
  const budgetLimits = ['1d', '2h', '7d', '1mo'].map(limit);
  expect(plan({ windows }, { budgetLimits })).toEqual({ [inWindow('1d')]: 5 });
  expect(plan({ windows }, { budgetLimits: [limit('1d'), limit('24h')] })).toEqual({
    [inWindow('1d')]: 5,
    [inWindow('24h')]: 6,
  });
});

test('the latest window of a length is the one that counts', () => {
  const windows = [spent('1d', NOW - 10 * 86_400_000, 9), spent('1d', NOW - 3_600_000, 2)];
  expect(plan({ windows }, { budgetLimits: [limit('1d')] })).toEqual({ [inWindow('1d')]: 2 });
});

test('on the last day of a long month the month is open still, which began more than 30 days ago', () => {
  const windows = [spent('30d', Date.UTC(2026, 4, 1), 4)];
  expect(plan({ windows }, { budgetLimits: [limit('30d')] })).toEqual({ [inWindow('30d')]: 4 });
});

test('a further budget as long as the own one is counted with it, and once', () => {
  const windows = [spent('30d', Date.UTC(2026, 4, 2), 4)];
  const limits = { budgetDuration: '30d', budgetLimits: [limit('30d')] };
  expect(plan({ nanoUsd: 3, windows }, limits)).toEqual({ [life]: 3, [inWindow('30d')]: 4 });
  expect(plan({ nanoUsd: 6, windows }, limits)).toEqual({ [life]: 6, [inWindow('30d')]: 6 });
});
