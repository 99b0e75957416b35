import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dearestPrice } from './dearest-price.ts';
import { buildModelPrice, computeCostNanoUsd } from './pricing.ts';

const cheap = buildModelPrice({ inputUsd: 1e-6, outputUsd: 9e-6, cacheReadUsd: 1e-7, requestUsd: 0.01 });
const tiered = buildModelPrice({
  inputUsd: 2e-6,
  outputUsd: 4e-6,
  above: [{ fromPromptTokens: 1_000, inputUsd: 8e-6 }],
});

test('a group that costs the same everywhere has that price', () => {
  expect(dearestPrice([cheap, cheap])).toBe(cheap);
});

test('one unknown price makes the group’s unknown', () => {
  expect(dearestPrice([cheap, null])).toBeNull();
  expect(dearestPrice([null, cheap])).toBeNull();
  expect(dearestPrice([])).toBeNull();
});

test('whichever deployment answers, it costs no more than the dearest price', () => {
  const dearest = dearestPrice([cheap, tiered]);
  const count = fc.nat(5_000);
  fc.assert(
    fc.property(count, count, fc.nat(100), (promptTokens, completionTokens, cached) => {
      const usage = {
        promptTokens,
        completionTokens,
        totalTokens: 0,
        cacheReadTokens: Math.min(cached, promptTokens),
        cacheWriteTokens: 0,
        reasoningTokens: 0,
        estimated: false,
      };
      for (const price of [cheap, tiered]) {
        expect(computeCostNanoUsd(usage, price)).toBeLessThanOrEqual(computeCostNanoUsd(usage, dearest!));
      }
    }),
  );
});
