import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { NO_LIMITS } from '../../core/limits.ts';
import { fromLimits, LIMIT_SHAPE, toLimitFields } from '../../http/schemas/limit-fields.ts';
import { assertLimitFields, mergeLimits } from './limit-fields.ts';

const read = (body: object) => toLimitFields(z.object(LIMIT_SHAPE).parse(body));
const clock = { resetAt: (duration: string) => `end of ${duration}` };

describe('limits of an owner', () => {
  test('absent keeps, null clears, a value sets, and 0 is a value', () => {
    const set = mergeLimits(NO_LIMITS, read({ max_budget: '2.5', rpm_limit: 0, budget_duration: '1d' }));
    expect(set).toEqual({ ...NO_LIMITS, maxBudgetNanoUsd: 2_500_000_000, rpmLimit: 0, budgetDuration: '1d' });
    expect(mergeLimits(set, read({}))).toEqual(set);
    expect(mergeLimits(set, read({ max_budget: null, rpm_limit: null }))).toEqual({
      ...NO_LIMITS,
      budgetDuration: '1d',
    });
  });

  test('are shown as they were given', () => {
    const body = {
      max_budget: 1,
      budget_limits: [{ budget_duration: '1h', max_budget: 0.5 }],
      model_rpm_limit: { a: 3 },
    };
    expect(fromLimits(mergeLimits(NO_LIMITS, read(body)), clock)).toMatchObject({
      ...body,
      budget_limits: [{ budget_duration: '1h', max_budget: 0.5, reset_at: 'end of 1h' }],
      budget_reset_at: null,
    });
  });

  test('rates beside the budget of a model are limits of that model, and take none away', () => {
    const budget = { budget_limit: 1, time_period: '1d' };
    const set = mergeLimits(
      NO_LIMITS,
      read({ model_max_budget: { a: { ...budget, rpm_limit: '3', tpm_limit: 0 }, b: 2 } }),
    );
    expect([set.modelRpmLimit, set.modelTpmLimit]).toEqual([{ a: 3 }, { a: 0 }]);
    const more = mergeLimits(set, read({ model_max_budget: { c: { ...budget, rpm_limit: 5 } } }));
    expect([more.modelRpmLimit, more.modelTpmLimit]).toEqual([{ a: 3, c: 5 }, { a: 0 }]);
    const both = { model_max_budget: { a: { ...budget, rpm_limit: 9 }, c: { ...budget, rpm_limit: 6 } } };
    expect(mergeLimits(set, read({ ...both, model_rpm_limit: { a: 1 } })).modelRpmLimit).toEqual({ a: 1, c: 6 });
    expect(mergeLimits(set, read({ model_max_budget: {} })).modelRpmLimit).toEqual({ a: 3 });
  });

  test('a refusal of an amount or of a window has LiteLLM’s words', () => {
    const refuse = (body: object) => () => assertLimitFields(read(body));
    expect(refuse({ max_budget: -7 })).toThrow('max_budget must be a non-negative finite number');
    expect(refuse({ soft_budget: -7 })).toThrow('soft_budget must be a non-negative finite number');
    expect(refuse({ budget_duration: '0s' })).toThrow(/^Invalid budget_duration.*"0s"/);
  });

  test.each([
    [{ model_max_budget: { a: { budget_limit: 1, rpm_limit: -1 } } }, 'model_max_budget'],
    [{ model_max_budget: { a: { budget_limit: 1, tpm_limit: 1.5 } } }, 'model_max_budget'],
    [{ max_budget: -1 }, 'max_budget'],
    [{ soft_budget: 'nan' }, 'soft_budget'],
    [{ rpm_limit: -5 }, 'rpm_limit'],
    [{ budget_duration: '5 parsecs' }, 'budget_duration'],
    [{ model_rpm_limit: { a: -1 } }, 'model_rpm_limit'],
    [{ model_max_budget: { a: -1 } }, 'model_max_budget'],
    [{ budget_limits: [{ budget_duration: 'x', max_budget: 1 }] }, 'budget_limits'],
    [{ budget_limits: [7] }, 'budget_limits'],
  ])('%j is refused by name', (body, param) => {
    expect(() => assertLimitFields(read(body))).toThrowError(expect.objectContaining({ code: 'bad_request', param }));
  });
});
