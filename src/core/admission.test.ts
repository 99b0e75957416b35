import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AdmissionFacts, type AdmissionSettings, planAdmission, planOutputCut } from './admission.ts';
import { createBudgetCalendar } from './budget-window.ts';
import type { HeldCharge } from './charge.ts';
import { NO_LIMITS } from './limits.ts';
import { compileLimits, type OwnerLimits } from './owner-limits.ts';
import type { OwnerPolicy } from './owner-policy.ts';
import { buildModelPrice, computeCostNanoUsd } from './pricing.ts';
import type { TokenEstimate } from './token-estimate.ts';

const NOW = Date.parse('2026-03-10T15:30:00Z');
const MIDNIGHT = Date.parse('2026-03-10T00:00:00Z');
const NEXT_MIDNIGHT = Date.parse('2026-03-11T00:00:00Z');
const calendar = createBudgetCalendar({ timeZone: 'UTC', weekStart: 'monday' });
const price = buildModelPrice({ inputUsd: 0.000_001, outputUsd: 0.000_01 });

const settings: AdmissionSettings = {
  budgetMode: 'standard',
  rateWindowMs: 60_000,
  tokenRateType: 'total',
  typicalOutputTokens: 1_024,
  hardDefaultMaxTokens: 16_384,
};

const estimate: TokenEstimate = {
  inputTokens: 10,
  billedInputTokens: 17,
  maxInputTokens: 200,
  requestedOutputTokens: 100,
  choices: 1,
  producesOutput: true,
};

function policy(over: Partial<OwnerPolicy> = {}): OwnerLimits {
  return compileLimits({ ...NO_LIMITS, owner: { kind: 'key', id: 'key_1' }, raise: null, tagRpmLimit: {}, ...over });
}

function facts(over: Partial<AdmissionFacts> = {}): AdmissionFacts {
  const call = { model: 'gpt-4', otherNames: [], tags: [], estimate, price, maxOutputTokens: null };
  return { owners: [policy()], ...call, ...over };
}

function plan(over: Partial<AdmissionFacts>, changed: Partial<AdmissionSettings> = {}) {
  const planned = planAdmission(facts(over), { ...settings, ...changed }, calendar, NOW);
  if ('denial' in planned) throw new Error(`denied: ${planned.denial.kind}`);
  return planned;
}

describe('limits become charges', () => {
  test('no limit, no charge; the lifetime balance moves all the same', () => {
    expect(plan({})).toMatchObject({ charges: [], balanceCounters: ['key:key_1/spend'] });
  });

  test.each(['standard', 'hard'] as const)('no client makes a %s call expected to cost millions', (budgetMode) => {
    const absurd = { ...estimate, requestedOutputTokens: 2 ** 31, choices: 2 ** 31 };
    const owners = [policy({ maxBudgetNanoUsd: 1, budgetMode })];
    expect(plan({ owners, estimate: absurd }).estimatedNanoUsd).toBe(1e13);
    expect(plan({ owners: [], estimate: absurd }).estimatedNanoUsd).toBe(1e13);
  });

  test.each<[string, Partial<OwnerPolicy>, object]>([
    [
      'rpm_limit',
      { rpmLimit: 3 },
      { counter: 'key:key_1/requests', unit: 'requests', amount: 1, atLeast: 1, ceiling: 3, windowMs: 60_000 },
    ],
    ['rpm_limit', { rpmLimit: 0 }, { ceiling: 0 }],
    [
      'tpm_limit',
      { tpmLimit: 500 },
      { counter: 'key:key_1/tokens', unit: 'tokens', amount: 110, atLeast: 110, ceiling: 500 },
    ],
    [
      'max_parallel_requests',
      { maxParallelRequests: 5 },
      { counter: 'key:key_1/slots', unit: 'slots', amount: 1, windowMs: 0 },
    ],
    [
      'model_rpm_limit',
      { modelRpmLimit: { 'gpt-4': 2 } },
      { counter: 'key:key_1/requests[gpt-4]', model: 'gpt-4', ceiling: 2 },
    ],
    [
      'model_tpm_limit',
      { modelTpmLimit: { 'gpt-4': 9 } },
      { counter: 'key:key_1/tokens[gpt-4]', model: 'gpt-4', ceiling: 9 },
    ],
    [
      'max_budget',
      { maxBudgetNanoUsd: 5 },
      { counter: 'key:key_1/spend', unit: 'nano_usd', atLeast: 1, ceiling: 5, windowMs: 0, resetAtMs: null },
    ],
    [
      'max_budget',
      { maxBudgetNanoUsd: 5, budgetDuration: '1d' },
      { counter: `key:key_1/spend:1d@${MIDNIGHT}`, resetAtMs: NEXT_MIDNIGHT },
    ],
    [
      'model_max_budget',
      { modelMaxBudget: { 'gpt-4': { maxBudgetNanoUsd: 7, budgetDuration: '1d' } } },
      { counter: `key:key_1/spend[gpt-4]:1d@${MIDNIGHT}`, model: 'gpt-4', ceiling: 7 },
    ],
  ])('%s of %j', (limit, limits, expected) => {
    expect(plan({ owners: [policy(limits)] }).charges).toEqual([expect.objectContaining({ limit, ...expected })]);
  });

  test('limits of other models do not count', () => {
    const owners = [
      policy({
        modelRpmLimit: { 'gpt-5': 1 },
        modelMaxBudget: { 'gpt-5': { maxBudgetNanoUsd: 1, budgetDuration: null } },
      }),
    ];
    expect(plan({ owners }).charges).toEqual([]);
  });

  test('limits of a model hold under every name it is called by', () => {
    const modelMaxBudget = { 'gpt-4': { maxBudgetNanoUsd: 7, budgetDuration: null } };
    const owners = [policy({ modelRpmLimit: { 'gpt-4': 1 }, modelTpmLimit: { 'gpt-*': 200 }, modelMaxBudget })];
    const { charges, balanceCounters } = plan({ model: 'smart', otherNames: ['gpt-4', 'gpt-*'], owners });
    expect(charges.map(({ limit, counter }) => [limit, counter])).toEqual([
      ['model_max_budget', 'key:key_1/spend[gpt-4]'],
      ['model_rpm_limit', 'key:key_1/requests[gpt-4]'],
      ['model_tpm_limit', 'key:key_1/tokens[gpt-*]'],
    ]);
    expect(balanceCounters).toEqual(['key:key_1/spend', 'key:key_1/spend[gpt-4]']);
  });

  test('limits of tags hold for calls that carry them, each by itself and after all others', () => {
    const owners = [
      policy({ tagRpmLimit: { ci: 2, batch: 0, idle: 1 }, modelRpmLimit: { ci: 1 } }),
      policy({ owner: { kind: 'team', id: 't' }, rpmLimit: 9 }),
    ];
    const { charges } = plan({ model: 'ci', tags: ['batch', 'free', 'ci'], owners });
    expect(charges.map(({ counter, model, tag, ceiling }) => [counter, model ?? tag, ceiling])).toEqual([
      ['key:key_1/requests[ci]', 'ci', 1],
      ['key:key_1/tag_requests[batch]', 'batch', 0],
      ['key:key_1/tag_requests[ci]', 'ci', 2],
      ['team:t/requests', undefined, 9],
    ]);
    expect(charges[2]).toMatchObject({ limit: 'tag_rpm_limit', unit: 'requests', amount: 1, windowMs: 60_000 });
    expect(plan({ owners }).charges.map(({ counter }) => counter)).toEqual(['team:t/requests']);
  });

  test('a name from the prototype is not a limit', () => {
    expect(plan({ tags: ['constructor'], owners: [policy({ tagRpmLimit: { a: 1 } })] }).charges).toEqual([]);
    expect(plan({ model: 'constructor', owners: [policy({ modelMaxBudget: {} })] }).charges).toEqual([]);
    const owners = [policy({ modelMaxBudget: {}, modelRpmLimit: { constructor: 5 } as Record<string, number> })];
    expect(plan({ model: 'constructor', owners }).charges).toMatchObject([{ limit: 'model_rpm_limit', ceiling: 5 }]);
  });

  test('the same policy charges another counter in the next window, and this one again when asked about it', () => {
    const owners = [policy({ maxBudgetNanoUsd: 5, budgetDuration: '1d' })];
    const counterAt = (nowMs: number) => {
      const planned = planAdmission(facts({ owners }), settings, calendar, nowMs);
      return 'charges' in planned && planned.charges.map((charge) => charge.counter);
    };
    expect(counterAt(NEXT_MIDNIGHT - 1)).toEqual([`key:key_1/spend:1d@${MIDNIGHT}`]);
    expect(counterAt(NEXT_MIDNIGHT)).toEqual([`key:key_1/spend:1d@${NEXT_MIDNIGHT}`]);
    expect(counterAt(NEXT_MIDNIGHT - 1)).toEqual([`key:key_1/spend:1d@${MIDNIGHT}`]);
  });

  test('several budgets hold at once, each in windows of its own length, and each length once', () => {
    const budgetLimits = [
      { budgetDuration: '1h', maxBudgetNanoUsd: 3 },
      { budgetDuration: '1d', maxBudgetNanoUsd: 4 },
      { budgetDuration: '1h', maxBudgetNanoUsd: 2 },
    ];
    const planned = plan({ owners: [policy({ maxBudgetNanoUsd: 5, budgetDuration: '1d', budgetLimits })] });
    const hour = Date.parse('2026-03-10T15:00:00Z');
    expect(planned.charges.map(({ limit, counter, ceiling }) => [limit, counter, ceiling])).toEqual([
      ['budget_limits', `key:key_1/spend:1d@${MIDNIGHT}`, 4],
      ['budget_limits', `key:key_1/spend:1h@${hour}`, 2],
    ]);
    expect(planned.balanceCounters).toEqual([
      'key:key_1/spend',
      `key:key_1/spend:1d@${MIDNIGHT}`,
      `key:key_1/spend:1h@${hour}`,
    ]);
  });

  test('a raise counts up to its last millisecond, and not for windows beside max_budget', () => {
    const budgetLimits = [{ budgetDuration: '1h', maxBudgetNanoUsd: 3 }];
    const owners = [policy({ maxBudgetNanoUsd: 5, raise: { nanoUsd: 10, untilMs: NOW + 1 }, budgetLimits })];
    const ceilingsAt = (nowMs: number) => {
      const planned = planAdmission(facts({ owners }), settings, calendar, nowMs);
      return 'charges' in planned && planned.charges.map((charge) => charge.ceiling);
    };
    expect(ceilingsAt(NOW)).toEqual([15, 3]);
    expect(ceilingsAt(NOW + 1)).toEqual([5, 3]);
    expect(ceilingsAt(NOW)).toEqual([15, 3]);
  });

  test('a plan tells which of its charges holds what of each balance', () => {
    const modelMaxBudget = { 'gpt-4': { maxBudgetNanoUsd: 7, budgetDuration: null } };
    const windowed = policy({ maxBudgetNanoUsd: 5, budgetDuration: '1d', modelMaxBudget, rpmLimit: 1 });
    const unlimited = policy({ owner: { kind: 'user', id: 'u' } });
    const lifetime = policy({ owner: { kind: 'team', id: 't' }, maxBudgetNanoUsd: 9 });
    const { charges, balanceCounters, balanceCharges } = plan({ owners: [windowed, unlimited, lifetime] });
    expect(
      balanceCounters.map((counter, index) => [counter, charges[balanceCharges[index] as number]?.ceiling]),
    ).toEqual([
      ['key:key_1/spend', undefined],
      [`key:key_1/spend:1d@${MIDNIGHT}`, 5],
      ['key:key_1/spend[gpt-4]', 7],
      ['user:u/spend', undefined],
      ['team:t/spend', 9],
    ]);
  });

  test('every owner on the path is charged, budgets before rates', () => {
    const team = policy({ owner: { kind: 'team', id: 't' }, maxBudgetNanoUsd: 9 });
    const planned = plan({ owners: [policy({ rpmLimit: 1 }), team] });
    expect(planned.charges.map((charge) => charge.counter)).toEqual(['team:t/spend', 'key:key_1/requests']);
    expect(planned.balanceCounters).toEqual(['key:key_1/spend', 'team:t/spend']);
  });

  test('a duration without a budget limits nothing but windows what is shown as spend', () => {
    const planned = plan({ owners: [policy({ budgetDuration: '1d' })] });
    expect(planned).toMatchObject({
      charges: [],
      balanceCounters: ['key:key_1/spend', `key:key_1/spend:1d@${MIDNIGHT}`],
    });
  });
});

describe('tokens reserved', () => {
  test.each([
    ['total', 100, 110],
    ['total', null, 10],
    ['input', 100, 10],
    ['output', 100, 100],
    ['output', null, 1],
  ] as const)('%s with max_tokens %s', (tokenRateType, requestedOutputTokens, amount) => {
    const owners = [policy({ tpmLimit: 1_000 })];
    const planned = plan({ owners, estimate: { ...estimate, requestedOutputTokens } }, { tokenRateType });
    expect(planned.charges[0]?.amount).toBe(amount);
  });
});

describe('standard budgets', () => {
  const owners = [policy({ maxBudgetNanoUsd: 1_000_000_000 })];

  test('want the likely cost and take whatever remains', () => {
    // 17 input tokens at 1,000 nano-dollars, 100 output tokens at 10,000.
    expect(plan({ owners }).charges[0]).toMatchObject({ amount: 1_017_000, atLeast: 1 });
  });

  test('take a typical answer where the caller sets no limit', () => {
    const planned = plan({ owners, estimate: { ...estimate, requestedOutputTokens: null } });
    expect(planned.charges[0]?.amount).toBe(17_000 + 1_024 * 10_000);
  });

  test('hold one nano-dollar for a model without a price: refused only when nothing is left', () => {
    expect(plan({ owners, price: null }).charges[0]).toMatchObject({ amount: 1, atLeast: 1 });
  });

  test('do not apply to a model that is free', () => {
    expect(plan({ owners, price: buildModelPrice({ inputUsd: 0, outputUsd: 0 }) }).charges).toEqual([]);
  });
});

describe('hard budgets', () => {
  const owners = [policy({ maxBudgetNanoUsd: 1_000_000_000, budgetMode: 'hard' })];

  test('want the worst case and need an answer worth having', () => {
    const planned = plan({ owners, estimate: { ...estimate, requestedOutputTokens: 1_000 } });
    expect(planned.charges[0]).toMatchObject({ amount: 200_000 + 1_000 * 10_000, atLeast: 200_000 + 256 * 10_000 });
  });

  test('a short answer that was asked for needs no more than itself', () => {
    expect(plan({ owners }).charges[0]).toMatchObject({ amount: 1_200_000, atLeast: 1_200_000 });
  });

  test('refuse a model without a price, and say so', () => {
    expect(planAdmission(facts({ owners, price: null }), settings, calendar, NOW)).toMatchObject({
      denial: { kind: 'unknown_price', model: 'gpt-4', ceilingNanoUsd: 1_000_000_000 },
    });
  });

  test('are the setting of the proxy for keys that name no mode', () => {
    const unmarked = [policy({ maxBudgetNanoUsd: 5 })];
    expect(plan({ owners: unmarked }, { budgetMode: 'hard' }).charges[0]?.atLeast).toBe(1_200_000);
  });

  test('several answers cost several times the output', () => {
    expect(plan({ owners, estimate: { ...estimate, choices: 3 } }).charges[0]?.amount).toBe(200_000 + 300 * 10_000);
  });

  function cut(over: Partial<AdmissionFacts>, granted: number) {
    const given = facts({ owners, ...over });
    const planned = plan(given);
    const held: HeldCharge[] = planned.charges.map((charge) => ({
      charge,
      granted: Math.min(granted, charge.amount),
      usedBefore: 0,
      remaining: 0,
      windowStartMs: 0,
    }));
    return planOutputCut(planned, held, given);
  }
  const long = { ...estimate, requestedOutputTokens: 1_000 };

  test.each<[string, Partial<AdmissionFacts>, number, object | null]>([
    ['what is affordable is not cut', { estimate: long }, Number.MAX_SAFE_INTEGER, null],
    [
      'what is not is lowered to what is',
      { estimate: long },
      200_000 + 500 * 10_000 + 9_999,
      { maxTokens: 500, lowered: true },
    ],
    [
      'an unknown limit is told to the upstream',
      { estimate: { ...estimate, requestedOutputTokens: null } },
      Number.MAX_SAFE_INTEGER,
      { maxTokens: 16_384, lowered: false },
    ],
    [
      'the limit of a known model is not',
      { estimate: { ...estimate, requestedOutputTokens: null }, maxOutputTokens: 4_096 },
      Number.MAX_SAFE_INTEGER,
      null,
    ],
    [
      'embeddings have no output to cut',
      { estimate: { ...estimate, producesOutput: false, requestedOutputTokens: null } },
      0,
      null,
    ],
  ])('%s', (_name, over, granted, expected) => {
    expect(cut(over, granted)).toEqual(expected);
  });

  test('whatever the upstream answers within its limits costs no more than was granted', () => {
    const tokens = fc.nat(2_000);
    fc.assert(
      fc.property(
        tokens,
        tokens,
        fc.nat(4),
        fc.option(fc.integer({ min: 1, max: 3_000 })),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (inputTokens, cached, extraChoices, requested, share) => {
          const choices = extraChoices + 1;
          const given = facts({
            owners,
            price: buildModelPrice({
              inputUsd: 3e-6,
              outputUsd: 15e-6,
              cacheWriteUsd: 3.75e-6,
              above: [{ fromPromptTokens: 1_000, inputUsd: 6e-6, outputUsd: 22.5e-6 }],
            }),
            estimate: { ...estimate, maxInputTokens: inputTokens, requestedOutputTokens: requested, choices },
          });
          const planned = plan(given);
          const charge = planned.charges[0]!;
          const granted = Math.floor(charge.atLeast + (charge.amount - charge.atLeast) * share);
          const held = [{ charge, granted, usedBefore: 0, remaining: 0, windowStartMs: 0 }];
          const limit = planOutputCut(planned, held, given)?.maxTokens ?? requested ?? 0;
          const cost = computeCostNanoUsd(
            {
              promptTokens: inputTokens,
              completionTokens: limit * choices,
              totalTokens: 0,
              cacheReadTokens: 0,
              cacheWriteTokens: Math.min(cached, inputTokens),
              reasoningTokens: 0,
              estimated: false,
            },
            given.price!,
          );
          expect(cost).toBeLessThanOrEqual(granted);
        },
      ),
    );
  });
});
