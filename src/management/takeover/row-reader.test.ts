import { expect, test } from 'vitest';
import { RowReader } from './row-reader.ts';

const read = (values: Record<string, unknown>) => new RowReader('row', values as never);

test('what makes no sense as a limit allows nothing', () => {
  const row = read({ budget: 'Infinity', negative: -1, count: 1.5, large: 1e300 });
  expect([row.ceiling('budget'), row.ceiling('negative'), row.count('count'), row.ceiling('large')]).toEqual([
    0, 0, 0, 0,
  ]);
  expect(row.findings.map(({ kind, field }) => `${kind} ${field}`)).toEqual([
    'field budget',
    'field negative',
    'field count',
    'field large',
  ]);
});

test('null is no limit, and 0 is one', () => {
  const row = read({ none: null, zero: 0, tiny: 1e-12 });
  expect([row.ceiling('none'), row.ceiling('absent'), row.ceiling('zero'), row.ceiling('tiny')]).toEqual([
    null,
    null,
    0,
    1,
  ]);
  expect(row.findings).toEqual([]);
});

test('a list without a usable entry does not become the empty list, which allows everything', () => {
  const row = read({ models: [null], more: ['a', 7], empty: [] });
  expect(row.texts('models', 'no-default-models')).toEqual(['no-default-models']);
  expect(row.texts('more', 'no-default-models')).toEqual(['a']);
  expect(row.texts('empty', 'no-default-models')).toEqual([]);
});

test('times without a zone are in UTC', () => {
  const row = read({ at: '2025-02-03T04:05:06.789', zoned: '2025-02-03T04:05:06+02:00', never: 'infinity' });
  expect(row.time('at')).toBe(Date.UTC(2025, 1, 3, 4, 5, 6, 789));
  expect(row.time('zoned')).toBe(Date.UTC(2025, 1, 3, 2, 5, 6));
  expect(row.time('never')).toBe(null);
});

test('budgets of models are read in each of their spellings', () => {
  const row = read({
    budgets: { a: 1, b: { budget_limit: 2, time_period: '1d' }, c: { max_budget: 3, budget_duration: 'x' } },
  });
  expect(row.modelBudgets('budgets')).toEqual({
    a: { maxBudgetNanoUsd: 1e9, budgetDuration: null },
    b: { maxBudgetNanoUsd: 2e9, budgetDuration: '1d' },
    c: { maxBudgetNanoUsd: 3e9, budgetDuration: null },
  });
  expect(row.findings).toHaveLength(1);
});

test('columns that nobody asked for are told where they say something', () => {
  const row = read({ asked: 1, unasked: 'x', empty: {}, none: null });
  row.count('asked');
  expect(row.unused()).toEqual(['unasked']);
});
