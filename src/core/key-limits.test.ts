import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from './gateway-error.ts';
import {
  applyKeyDefaults,
  applyUpperBounds,
  assertWithinUpperBounds,
  type KeyDefaults,
  type KeyLimitFields,
  type KeyUpperBounds,
} from './key-limits.ts';

const FEBRUARY = Date.parse('2024-02-01T00:00:00Z');
const NO_DEFAULTS: KeyDefaults = {
  maxBudgetNanoUsd: null,
  budgetDuration: null,
  duration: null,
  maxParallelRequests: null,
  tpmLimit: null,
  rpmLimit: null,
  userId: null,
  teamId: null,
  models: [],
  metadata: {},
};
const NO_BOUNDS: KeyUpperBounds = {
  maxBudgetNanoUsd: null,
  budgetDuration: null,
  duration: null,
  maxParallelRequests: null,
  tpmLimit: null,
  rpmLimit: null,
};
const DEFAULTS: KeyDefaults = {
  maxBudgetNanoUsd: 5,
  budgetDuration: '30d',
  duration: '90d',
  maxParallelRequests: 3,
  tpmLimit: 100,
  rpmLimit: 10,
  userId: 'u-1',
  teamId: 't-1',
  models: ['gpt-4'],
  metadata: { tags: ['default'] },
};
const BOUNDS: KeyUpperBounds = {
  maxBudgetNanoUsd: 10_000_000_000,
  budgetDuration: '30d',
  duration: '7d',
  maxParallelRequests: 5,
  tpmLimit: 1_000,
  rpmLimit: 100,
};

describe('applyKeyDefaults', () => {
  test.each<[string, KeyLimitFields]>([
    ['absent', {}],
    ['null', { ...NO_DEFAULTS, budgetDuration: undefined, models: null, metadata: null }],
    ['empty', { models: [], metadata: {} }],
  ])('what the request leaves %s gets the default', (_what, request) => {
    expect(applyKeyDefaults(request, DEFAULTS)).toEqual(DEFAULTS);
  });

  test('what the request says stays, 0 included', () => {
    const request: KeyLimitFields = {
      maxBudgetNanoUsd: 0,
      budgetDuration: '1d',
      duration: '-1',
      maxParallelRequests: 0,
      tpmLimit: 0,
      rpmLimit: 0,
      userId: 'me',
      teamId: 'ours',
      models: ['gpt-5'],
      metadata: { a: 1 },
    };
    expect(applyKeyDefaults(request, DEFAULTS)).toEqual(request);
  });

  test('without defaults nothing changes, and fields that have none pass through', () => {
    const request = { duration: null, alias: 'a', budgetMode: null, models: [] };
    expect(applyKeyDefaults(request, NO_DEFAULTS)).toEqual(request);
    expect(applyKeyDefaults(request, DEFAULTS)).toMatchObject({ alias: 'a', budgetMode: null, models: ['gpt-4'] });
  });

  test('a budget for the whole life stays one', () => {
    expect(applyKeyDefaults({ budgetDuration: null }, DEFAULTS)).toEqual({ ...DEFAULTS, budgetDuration: null });
  });

  test('keys do not share what they got', () => {
    const one = applyKeyDefaults<KeyLimitFields>({}, DEFAULTS);
    expect(one.models).not.toBe(DEFAULTS.models);
    expect(one.metadata).not.toBe(DEFAULTS.metadata);
  });
});

describe('applyUpperBounds', () => {
  test.each<[string, KeyLimitFields]>([
    ['absent', {}],
    ['null', { ...NO_BOUNDS }],
  ])('a limit that is %s becomes the bound', (_what, request) => {
    expect(applyUpperBounds(request, BOUNDS, FEBRUARY)).toEqual(BOUNDS);
  });

  test('a limit at the bound or below stays', () => {
    const request: KeyLimitFields = { ...BOUNDS, rpmLimit: 0, duration: '168h', budgetDuration: '1h' };
    expect(applyUpperBounds(request, BOUNDS, FEBRUARY)).toEqual(request);
  });

  test('a key that never expires is over a bound on the lifetime', () => {
    expect(() => applyUpperBounds({ duration: '-1' }, BOUNDS, FEBRUARY)).toThrow(/^duration is over max limit/);
  });

  test('without bounds nothing changes', () => {
    const request = { duration: '-1', maxBudgetNanoUsd: null, alias: 'a' };
    expect(applyUpperBounds(request, NO_BOUNDS, FEBRUARY)).toEqual(request);
  });
});

describe('assertWithinUpperBounds', () => {
  test.each<[KeyLimitFields, string, string]>([
    [{ maxBudgetNanoUsd: 10_000_000_001 }, 'max_budget', 'user_value=10.000000001; max_value=10.0'],
    [{ maxBudgetNanoUsd: 100_000_000_000 }, 'max_budget', 'user_value=100.0; max_value=10.0'],
    [{ maxBudgetNanoUsd: null }, 'max_budget', 'user_value=unlimited; max_value=10.0'],
    [{ maxBudgetNanoUsd: Number.NaN }, 'max_budget', 'user_value=NaN; max_value=10.0'],
    [{ budgetDuration: '31d' }, 'budget_duration', 'user_value=31d; max_value=30d'],
    [{ budgetDuration: null }, 'budget_duration', 'user_value=unlimited; max_value=30d'],
    [{ duration: '8d' }, 'duration', 'user_value=8d; max_value=7d'],
    [{ duration: '1mo' }, 'duration', 'user_value=1mo; max_value=7d'],
    [{ duration: '-1' }, 'duration', 'user_value=-1; max_value=7d'],
    [{ duration: null }, 'duration', 'user_value=unlimited; max_value=7d'],
    [{ maxParallelRequests: 6 }, 'max_parallel_requests', 'user_value=6; max_value=5'],
    [{ tpmLimit: 1_001 }, 'tpm_limit', 'user_value=1001; max_value=1000'],
    [{ rpmLimit: 101 }, 'rpm_limit', 'user_value=101; max_value=100'],
    [{ rpmLimit: null }, 'rpm_limit', 'user_value=unlimited; max_value=100'],
  ])('refuses %j and names the field', (changes, param, values) => {
    let refusal: unknown;
    try {
      assertWithinUpperBounds(changes, BOUNDS, FEBRUARY);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(GatewayError);
    expect(refusal).toMatchObject({
      status: 400,
      type: 'auth_error',
      param,
      message: `${param} is over max limit set in config - ${values}`,
    });
    expect(() => assertWithinUpperBounds(changes, NO_BOUNDS, FEBRUARY)).not.toThrow();
  });

  test.each<[KeyLimitFields]>([
    [{}],
    [{ maxBudgetNanoUsd: undefined, duration: undefined }],
    [{ budgetDuration: '29d', duration: '1s', tpmLimit: 0 }],
    [{ budgetDuration: '1mo' }],
    [{ ...BOUNDS }],
    [{ userId: null, models: null, metadata: null }],
  ])('lets %j through', (changes) => {
    expect(() => assertWithinUpperBounds(changes, BOUNDS, FEBRUARY)).not.toThrow();
  });

  test('a bound of -1 on the lifetime bounds nothing', () => {
    expect(() => assertWithinUpperBounds({ duration: '-1' }, { ...BOUNDS, duration: '-1' }, FEBRUARY)).not.toThrow();
  });

  test('a text that is no duration is refused as such', () => {
    expect(() => assertWithinUpperBounds({ duration: '0d' }, BOUNDS, FEBRUARY)).toThrow(/Unsupported duration value/);
  });

  test('whatever the request, a key made within bounds passes them again', () => {
    const limit = fc.option(fc.nat(2_000), { nil: null });
    const span = fc.constantFrom(null, '1s', '7d', '30d', '1mo', '45d', '-1');
    const request = fc.record(
      { maxBudgetNanoUsd: limit, rpmLimit: limit, tpmLimit: limit, maxParallelRequests: limit, duration: span },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(request, (fields) => {
        let made: KeyLimitFields;
        try {
          made = applyUpperBounds<KeyLimitFields>(fields, BOUNDS, FEBRUARY);
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
          return;
        }
        expect(made.rpmLimit).toBeLessThanOrEqual(100);
        expect(() => assertWithinUpperBounds(made, BOUNDS, FEBRUARY)).not.toThrow();
      }),
    );
  });
});
