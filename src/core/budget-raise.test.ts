import { expect, test } from 'vitest';
import { parseBudgetRaise } from './budget-raise.ts';

const raise = (increase: unknown, expiry: unknown) =>
  parseBudgetRaise({ temp_budget_increase: increase, temp_budget_expiry: expiry } as never);

test.each([
  [5, '2030-01-02T03:04:05Z', Date.UTC(2030, 0, 2, 3, 4, 5)],
  ['5', '2030-01-02T03:04:05+00:00', Date.UTC(2030, 0, 2, 3, 4, 5)],
  [5, '2030-01-02 03:04:05.5', Date.UTC(2030, 0, 2, 3, 4, 5, 500)],
  [5, '2030-01-02T05:04:05+0200', Date.UTC(2030, 0, 2, 3, 4, 5)],
  [5, '2030-01-02', Date.UTC(2030, 0, 2)],
])('%j until %j is read, in UTC where no zone is named', (increase, expiry, untilMs) => {
  expect(raise(increase, expiry)).toEqual({ nanoUsd: 5_000_000_000, untilMs });
});

test.each([
  [5, undefined],
  [undefined, '2030-01-02'],
  [5, 'soon'],
  [5, 7],
  [0, '2030-01-02'],
  [-5, '2030-01-02'],
  ['lots', '2030-01-02'],
  [1e300, '2030-01-02'],
  [null, '2030-01-02'],
])('%j until %j raises nothing', (increase, expiry) => {
  expect(raise(increase, expiry)).toBeNull();
});
