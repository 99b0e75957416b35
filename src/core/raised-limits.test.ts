import { describe, expect, test } from 'vitest';
import { type Limits, NO_LIMITS } from './limits.ts';
import { findLimitBeyond, findRaisedLimit } from './raised-limits.ts';

const limits = (fields: Partial<Limits>): Limits => ({ ...NO_LIMITS, ...fields });
const DAY = { maxBudgetNanoUsd: 100, budgetDuration: '1d' };

describe('findRaisedLimit', () => {
  test.each<[Partial<Limits>, Partial<Limits>, string]>([
    [{ maxBudgetNanoUsd: 1 }, { maxBudgetNanoUsd: 2 }, 'max_budget'],
    [{ maxBudgetNanoUsd: 1 }, {}, 'max_budget'],
    [{ rpmLimit: 0 }, { rpmLimit: 1 }, 'rpm_limit'],
    [{ tpmLimit: 5 }, { tpmLimit: null }, 'tpm_limit'],
    [{ maxParallelRequests: 1 }, { maxParallelRequests: 9 }, 'max_parallel_requests'],
    [DAY, { ...DAY, budgetDuration: '1h' }, 'budget_duration'],
    [{ budgetMode: 'hard' }, { budgetMode: null }, 'budget_mode'],
    [{ budgetLimits: [DAY] }, { budgetLimits: [] }, 'budget_limits'],
    [{ budgetLimits: [DAY] }, { budgetLimits: [{ ...DAY, maxBudgetNanoUsd: 101 }] }, 'budget_limits'],
    [{ modelMaxBudget: { a: DAY } }, { modelMaxBudget: {} }, 'model_max_budget'],
    [{ modelMaxBudget: { a: DAY } }, { modelMaxBudget: { a: { ...DAY, budgetDuration: null } } }, 'model_max_budget'],
    [{ modelRpmLimit: { a: 1 } }, { modelRpmLimit: { a: 2 } }, 'model_rpm_limit'],
    [{ modelTpmLimit: { a: 1 } }, { modelTpmLimit: {} }, 'model_tpm_limit'],
  ])('%j → %j widens %s', (before, after, name) => {
    expect(findRaisedLimit(limits(before), limits(after))).toBe(name);
  });

  test.each<[Partial<Limits>, Partial<Limits>]>([
    [{}, { maxBudgetNanoUsd: 1, budgetDuration: '1d', rpmLimit: 1, budgetLimits: [DAY], modelRpmLimit: { a: 1 } }],
    [{ maxBudgetNanoUsd: 2 }, { maxBudgetNanoUsd: 0 }],
    [
      { budgetLimits: [DAY] },
      {
        budgetLimits: [
          { ...DAY, maxBudgetNanoUsd: 5 },
          { ...DAY, budgetDuration: '1h' },
        ],
      },
    ],
    [{ budgetMode: null }, { budgetMode: 'hard' }],
    [{ softBudgetNanoUsd: 1 }, { softBudgetNanoUsd: null }],
  ])('%j → %j widens nothing', (before, after) => {
    expect(findRaisedLimit(limits(before), limits(after))).toBeNull();
  });
});

describe('findLimitBeyond', () => {
  test('names what is more than the limit above, and nothing that is not set', () => {
    const ceiling = limits({ maxBudgetNanoUsd: 10, rpmLimit: 5 });
    expect(findLimitBeyond(limits({ maxBudgetNanoUsd: 11 }), ceiling)).toBe('max_budget');
    expect(findLimitBeyond(limits({ rpmLimit: 6 }), ceiling)).toBe('rpm_limit');
    expect(findLimitBeyond(limits({ maxBudgetNanoUsd: 10, rpmLimit: 5, tpmLimit: 99 }), ceiling)).toBeNull();
    expect(findLimitBeyond(NO_LIMITS, ceiling)).toBeNull();
  });

  test('compares no budget of a month with one of a day', () => {
    const monthly = limits({ maxBudgetNanoUsd: 100, budgetDuration: '1mo' });
    expect(findLimitBeyond(monthly, limits({ maxBudgetNanoUsd: 10, budgetDuration: '1d' }))).toBeNull();
    expect(findLimitBeyond(monthly, limits({ maxBudgetNanoUsd: 10, budgetDuration: '1mo' }))).toBe('max_budget');
    expect(findLimitBeyond(monthly, limits({ maxBudgetNanoUsd: 10 }))).toBe('max_budget');
  });
});
