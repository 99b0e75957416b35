import type { ModelPrice, PriceTier } from './model.ts';

/**
 * One price for a group whose deployments may cost differently: at every prompt size the dearest of each rate, so that
 * what is reserved covers whichever deployment answers. Null when any of them is unknown.
 */
export function dearestPrice(prices: readonly (ModelPrice | null)[]): ModelPrice | null {
  const first = prices[0] ?? null;
  if (first === null || prices.every((price) => price === first)) return first;
  const known = prices.filter((price) => price !== null);
  if (known.length < prices.length) return null;
  const starts = [...new Set(known.flatMap((price) => price.tiers.map((tier) => tier.fromPromptTokens)))].sort(
    (a, b) => a - b,
  );
  return {
    tiers: starts.map((start) => known.map((price) => tierAt(price, start)).reduce((a, b) => dearer(a, b, start))),
    requestNanoUsd: Math.max(...known.map((price) => price.requestNanoUsd)),
  };
}

function tierAt(price: ModelPrice, promptTokens: number): PriceTier {
  return price.tiers.findLast((tier) => tier.fromPromptTokens <= promptTokens) as PriceTier;
}

function dearer(a: PriceTier, b: PriceTier, fromPromptTokens: number): PriceTier {
  const optional = (name: 'cacheReadPicoUsd' | 'cacheWritePicoUsd', usual: 'inputPicoUsd'): number =>
    Math.max(a[name] ?? a[usual], b[name] ?? b[usual]);
  return {
    fromPromptTokens,
    inputPicoUsd: Math.max(a.inputPicoUsd, b.inputPicoUsd),
    outputPicoUsd: Math.max(a.outputPicoUsd, b.outputPicoUsd),
    cacheReadPicoUsd: optional('cacheReadPicoUsd', 'inputPicoUsd'),
    cacheWritePicoUsd: optional('cacheWritePicoUsd', 'inputPicoUsd'),
    reasoningPicoUsd: Math.max(a.reasoningPicoUsd ?? a.outputPicoUsd, b.reasoningPicoUsd ?? b.outputPicoUsd),
  };
}
