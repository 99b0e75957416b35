import { describe, expect, test } from 'vitest';
import { fillLimits, NO_LIMITS } from './limits.ts';

describe('a linked budget row', () => {
  test('fills what the owner leaves open, and nothing else', () => {
    const linked = { ...NO_LIMITS, maxBudgetNanoUsd: 5, budgetDuration: '1d', rpmLimit: 7 };
    expect(fillLimits({ ...NO_LIMITS, rpmLimit: 0 }, linked)).toEqual({ ...linked, rpmLimit: 0 });
    expect(fillLimits(NO_LIMITS, null)).toBe(NO_LIMITS);
  });

  test('does not lend its window to a budget of the owner', () => {
    const own = { ...NO_LIMITS, maxBudgetNanoUsd: 3 };
    const linked = { ...NO_LIMITS, maxBudgetNanoUsd: 5, budgetDuration: '1d' };
    expect(fillLimits(own, linked)).toMatchObject({ maxBudgetNanoUsd: 3, budgetDuration: null });
  });

  test('has its amount counted over the window that the owner sets', () => {
    const own = { ...NO_LIMITS, budgetDuration: '7d' };
    const linked = { ...NO_LIMITS, maxBudgetNanoUsd: 5, budgetDuration: '1d' };
    expect(fillLimits(own, linked)).toMatchObject({ maxBudgetNanoUsd: 5, budgetDuration: '7d' });
  });
});
