import { describe, expect, test } from 'vitest';
import type { ModelPrice } from '../../core/model.ts';
import { calculateCost } from './calculate-cost.ts';

const price: ModelPrice = {
  tiers: [
    {
      fromPromptTokens: 0,
      inputPicoUsd: 1_000_000,
      outputPicoUsd: 2_000_000,
      cacheReadPicoUsd: 100_000,
      cacheWritePicoUsd: null,
      reasoningPicoUsd: null,
    },
  ],
  requestNanoUsd: 0,
};
const deps = { priceOf: (model: string) => (model === 'known' ? price : null) };

describe('the cost', () => {
  test('of a response is that of its usage, cached tokens at their own rate', () => {
    const usage = {
      promptTokens: 100,
      completionTokens: 10,
      totalTokens: 110,
      cacheReadTokens: 40,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      estimated: false,
    };
    expect(calculateCost(deps, { kind: 'response', model: 'known', usage })).toBe(60 * 1_000 + 40 * 100 + 10 * 2_000);
  });

  test('of a request is that of its input, and grows with it', () => {
    const cost = (content: string) =>
      calculateCost(deps, { kind: 'request', model: 'known', messages: [{ role: 'user', content }] });
    expect(cost('hi')).toBeGreaterThan(0);
    expect(cost('x'.repeat(4_000)) - cost('')).toBeGreaterThanOrEqual(999 * 1_000);
  });

  test('of a model without a price is not 0 but unknown', () => {
    expect(() => calculateCost(deps, { kind: 'request', model: 'other', messages: [] })).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'model' }),
    );
  });
});
