import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from './gateway-error.ts';
import type { ModelPrice } from './model.ts';
import {
  affordableOutputTokens,
  buildModelPrice,
  computeCostNanoUsd,
  computeWorstCaseNanoUsd,
  isFree,
  UNBOUNDED_OUTPUT_TOKENS,
} from './pricing.ts';
import type { Usage } from './usage.ts';

/** 2.50, 1.25 (cached) and 10 dollars per million tokens. */
const FLAT = buildModelPrice({ inputUsd: 2.5e-6, cacheReadUsd: 1.25e-6, outputUsd: 1e-5 });
const TIERED = buildModelPrice({
  inputUsd: 3e-6,
  outputUsd: 1.5e-5,
  cacheReadUsd: 3e-7,
  cacheWriteUsd: 3.75e-6,
  above: [{ fromPromptTokens: 200_001, inputUsd: 6e-6, outputUsd: 2.25e-5, cacheReadUsd: 6e-7, cacheWriteUsd: 7.5e-6 }],
});

function usage(promptTokens: number, completionTokens: number, more: Partial<Usage> = {}): Usage {
  return {
    promptTokens,
    completionTokens,
    totalTokens: promptTokens + completionTokens,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    estimated: false,
    ...more,
  };
}

describe('computeCostNanoUsd', () => {
  test.each<[string, Usage, ModelPrice, number]>([
    ['nothing', usage(0, 0), FLAT, 0],
    ['one token in', usage(1, 0), FLAT, 2_500],
    ['one token out', usage(0, 1), FLAT, 10_000],
    ['a short chat', usage(1_000, 500), FLAT, 7_500_000],
    ['cached input', usage(1_000, 500, { cacheReadTokens: 600 }), FLAT, 6_750_000],
    ['cache writes without a rate are input', usage(1_000, 0, { cacheWriteTokens: 600 }), FLAT, 2_500_000],
    ['reasoning without a rate is output', usage(0, 500, { reasoningTokens: 400 }), FLAT, 5_000_000],
    ['the last prompt of the lower tier', usage(200_000, 1_000), TIERED, 615_000_000],
    ['the first of the upper tier, all of it', usage(200_001, 1_000), TIERED, 1_222_506_000],
    [
      'every kind of input',
      usage(1_000, 0, { cacheReadTokens: 300, cacheWriteTokens: 200 }),
      TIERED,
      500 * 3_000 + 300 * 300 + 200 * 3_750,
    ],
    [
      'reasoning at its own rate',
      usage(0, 100, { reasoningTokens: 40 }),
      buildModelPrice({ inputUsd: 0, outputUsd: 8e-6, reasoningUsd: 3e-6 }),
      60 * 8_000 + 40 * 3_000,
    ],
    [
      'a fee per call',
      usage(10, 0),
      buildModelPrice({ inputUsd: 1e-6, outputUsd: 1e-6, requestUsd: 0.012 }),
      12_010_000,
    ],
    ['an embedding at 0.02 per million', usage(7, 0), buildModelPrice({ inputUsd: 2e-8, outputUsd: 0 }), 140],
    ['half a nano-dollar goes up', usage(1, 0), buildModelPrice({ inputUsd: 5e-10, outputUsd: 0 }), 1],
    ['less than half goes down', usage(1, 0), buildModelPrice({ inputUsd: 4.99e-10, outputUsd: 0 }), 0],
    ['only the sum is rounded', usage(3, 3), buildModelPrice({ inputUsd: 2.5e-10, outputUsd: 2.5e-10 }), 2],
    ['more cached than there was', usage(100, 0, { cacheReadTokens: 900, cacheWriteTokens: 900 }), FLAT, 125_000],
    ['more reasoning than there was', usage(0, 100, { reasoningTokens: 900 }), FLAT, 1_000_000],
    ['negative counts', usage(-5, -5, { cacheReadTokens: -5 }), FLAT, 0],
    ['counts that are no numbers', usage(Number.NaN, Number.NaN, { reasoningTokens: Number.NaN }), FLAT, 0],
  ])('%s', (_name, used, price, nanoUsd) => {
    expect(computeCostNanoUsd(used, price)).toBe(nanoUsd);
  });

  test('an absurd count is capped, not NaN', () => {
    expect(computeCostNanoUsd(usage(Number.POSITIVE_INFINITY, 0), FLAT)).toBe(Number.MAX_SAFE_INTEGER);
    const free = buildModelPrice({ inputUsd: 0, outputUsd: 0 });
    expect(computeCostNanoUsd(usage(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY), free)).toBe(0);
  });
});

const rate = fc.integer({ min: 0, max: 1_000_000_000 });
const optionalRate = fc.option(rate, { nil: null });
const tierRates = fc.record({
  inputPicoUsd: rate,
  outputPicoUsd: rate,
  cacheReadPicoUsd: optionalRate,
  cacheWritePicoUsd: optionalRate,
  reasoningPicoUsd: optionalRate,
});
const anyPrice: fc.Arbitrary<ModelPrice> = fc.record({
  tiers: fc
    .tuple(
      tierRates,
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 400 }), tierRates), {
        selector: ([from]) => from,
        maxLength: 3,
      }),
    )
    .map(([first, rest]) => [
      { fromPromptTokens: 0, ...first },
      ...rest.sort(([a], [b]) => a - b).map(([fromPromptTokens, rates]) => ({ fromPromptTokens, ...rates })),
    ]),
  requestNanoUsd: fc.integer({ min: 0, max: 20_000_000 }),
});
const count = fc.integer({ min: -10, max: 500 });
const anyUsage: fc.Arbitrary<Usage> = fc.record({
  promptTokens: count,
  completionTokens: count,
  totalTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  reasoningTokens: count,
  estimated: fc.boolean(),
});

describe('for every price', () => {
  test('a cost is a whole number of nano-dollars, 0 or more', () => {
    const wild = fc.double();
    const wildUsage = fc.record({ ...Object.fromEntries(Object.keys(usage(0, 0)).map((name) => [name, wild])) });
    fc.assert(
      fc.property(anyPrice, fc.oneof(anyUsage, wildUsage as unknown as fc.Arbitrary<Usage>), (price, used) => {
        const cost = computeCostNanoUsd(used, price);
        expect(Number.isSafeInteger(cost)).toBe(true);
        expect(cost).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('more output never costs less, and within a tier neither does more input', () => {
    fc.assert(
      fc.property(anyPrice, anyUsage, fc.nat(300), (price, used, more) => {
        const cost = computeCostNanoUsd(used, price);
        const longer = { ...used, completionTokens: used.completionTokens + more };
        expect(computeCostNanoUsd(longer, price)).toBeGreaterThanOrEqual(cost);
        const oneTier = { ...price, tiers: price.tiers.slice(0, 1) };
        const bigger = { ...used, promptTokens: used.promptTokens + more };
        expect(computeCostNanoUsd(bigger, oneTier)).toBeGreaterThanOrEqual(computeCostNanoUsd(used, oneTier));
      }),
    );
  });

  test('the worst case is never below the cost of a call within its bounds', () => {
    fc.assert(
      fc.property(anyPrice, anyUsage, fc.nat(50), fc.nat(50), (price, used, spareInput, spareOutput) => {
        const worst = computeWorstCaseNanoUsd(
          {
            inputTokens: Math.max(0, used.promptTokens) + spareInput,
            outputTokens: Math.max(0, used.completionTokens) + spareOutput,
          },
          price,
        );
        expect(worst).toBeGreaterThanOrEqual(computeCostNanoUsd(used, price));
      }),
      { numRuns: 1_000 },
    );
  });

  test('the affordable output is the largest that fits', () => {
    fc.assert(
      fc.property(
        anyPrice,
        fc.oneof(fc.integer({ min: -5, max: 1_000_000_000 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
        fc.nat(500),
        fc.integer({ min: 1, max: 5 }),
        (price, budget, inputTokens, n) => {
          const fits = (tokens: number): boolean =>
            computeWorstCaseNanoUsd({ inputTokens, outputTokens: tokens * n }, price) <= budget;
          const most = affordableOutputTokens(budget, inputTokens, n, price);
          expect(most === 0 || fits(most)).toBe(true);
          expect(most === UNBOUNDED_OUTPUT_TOKENS || !fits(most + 1)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('computeWorstCaseNanoUsd', () => {
  test.each<[string, number, number, ModelPrice, number]>([
    ['plain', 1_000, 500, FLAT, 7_500_000],
    ['a cache write is dearer than input', 1_000, 0, TIERED, 3_750_000],
    ['the dearer tier once it is in reach', 200_001, 0, TIERED, 1_500_007_500],
    [
      'a dearer tier below counts too',
      10,
      0,
      buildModelPrice({ inputUsd: 9e-6, outputUsd: 0, above: [{ fromPromptTokens: 10, inputUsd: 1e-6 }] }),
      90_000,
    ],
  ])('%s', (_name, inputTokens, outputTokens, price, nanoUsd) => {
    expect(computeWorstCaseNanoUsd({ inputTokens, outputTokens }, price)).toBe(nanoUsd);
  });
});

describe('affordableOutputTokens', () => {
  test.each<[string, number, number, number, ModelPrice, number]>([
    ['exactly the budget', 7_500_000, 1_000, 1, FLAT, 500],
    ['one nano-dollar short', 7_499_999, 1_000, 1, FLAT, 499],
    ['shared by n answers', 7_500_000, 1_000, 4, FLAT, 125],
    ['input alone is too dear', 2_499_999, 1_000, 1, FLAT, 0],
    ['nothing left', 0, 0, 1, FLAT, 0],
    ['free output', 1, 0, 1, buildModelPrice({ inputUsd: 1e-6, outputUsd: 0 }), UNBOUNDED_OUTPUT_TOKENS],
    ['free output, input too dear', 1, 9, 1, buildModelPrice({ inputUsd: 1e-6, outputUsd: 0 }), 0],
  ])('%s', (_name, budget, inputTokens, n, price, tokens) => {
    expect(affordableOutputTokens(budget, inputTokens, n, price)).toBe(tokens);
  });
});

describe('isFree', () => {
  test.each<[string, ModelPrice, boolean]>([
    ['all rates 0', buildModelPrice({ inputUsd: 0, outputUsd: 0, cacheReadUsd: 0 }), true],
    ['priced output', buildModelPrice({ inputUsd: 0, outputUsd: 1e-12 }), false],
    ['priced cache writes', buildModelPrice({ inputUsd: 0, outputUsd: 0, cacheWriteUsd: 1e-6 }), false],
    ['a fee per call', buildModelPrice({ inputUsd: 0, outputUsd: 0, requestUsd: 0.01 }), false],
    [
      'a priced upper tier',
      buildModelPrice({ inputUsd: 0, outputUsd: 0, above: [{ fromPromptTokens: 10, inputUsd: 1e-6 }] }),
      false,
    ],
  ])('%s', (_name, price, free) => {
    expect(isFree(price)).toBe(free);
  });
});

describe('buildModelPrice', () => {
  test('turns dollars per token into integers, tiers sorted, what a tier leaves out taken from the one below', () => {
    expect(
      buildModelPrice({
        inputUsd: 1.25e-6,
        outputUsd: 1e-5,
        cacheReadUsd: 1.25e-7,
        requestUsd: 0.005,
        above: [
          { fromPromptTokens: 400_001, outputUsd: 2e-5 },
          { fromPromptTokens: 200_001, inputUsd: 2.5e-6, cacheReadUsd: 2.5e-7 },
        ],
      }),
    ).toEqual({
      tiers: [
        {
          fromPromptTokens: 0,
          inputPicoUsd: 1_250_000,
          outputPicoUsd: 10_000_000,
          cacheReadPicoUsd: 125_000,
          cacheWritePicoUsd: null,
          reasoningPicoUsd: null,
        },
        {
          fromPromptTokens: 200_001,
          inputPicoUsd: 2_500_000,
          outputPicoUsd: 10_000_000,
          cacheReadPicoUsd: 250_000,
          cacheWritePicoUsd: null,
          reasoningPicoUsd: null,
        },
        {
          fromPromptTokens: 400_001,
          inputPicoUsd: 2_500_000,
          outputPicoUsd: 20_000_000,
          cacheReadPicoUsd: 250_000,
          cacheWritePicoUsd: null,
          reasoningPicoUsd: null,
        },
      ],
      requestNanoUsd: 5_000_000,
    });
  });

  test.each([
    { inputUsd: -1e-6, outputUsd: 0 },
    { inputUsd: Number.NaN, outputUsd: 0 },
    { inputUsd: 0, outputUsd: Number.POSITIVE_INFINITY },
    { inputUsd: 0, outputUsd: 0, requestUsd: -1 },
    { inputUsd: 0, outputUsd: 0, cacheReadUsd: Number.NaN },
    { inputUsd: 0, outputUsd: 0, above: [{ fromPromptTokens: 0 }] },
    { inputUsd: 0, outputUsd: 0, above: [{ fromPromptTokens: 1.5 }] },
    { inputUsd: 0, outputUsd: 0, above: [{ fromPromptTokens: 5 }, { fromPromptTokens: 5 }] },
  ])('refuses %j', (usd) => {
    expect(() => buildModelPrice(usd)).toThrow(GatewayError);
  });
});
