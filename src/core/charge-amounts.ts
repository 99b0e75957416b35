/** How much a call is taken to use up: of money in each mode of a budget, and of tokens. */
import type { ModelPrice } from './model.ts';
import { computeCostNanoUsd, computeWorstCaseNanoUsd } from './pricing.ts';
import type { TokenEstimate } from './token-estimate.ts';
import { estimatedUsage } from './usage.ts';

export interface AmountSettings {
  tokenRateType: 'total' | 'input' | 'output';
  /** What a call without `max_tokens` is taken to produce, in standard mode. */
  typicalOutputTokens: number;
  /** What it can produce at most where the model's own limit is not known, in hard mode. */
  hardDefaultMaxTokens: number;
}

/** Wanted, and the least that lets the call go on. */
export interface Amounts {
  amount: number;
  atLeast: number;
}

export interface HardOutput {
  /** Output tokens per answer that `amount` pays for. */
  maxTokens: number;
  /** False: the upstream has to be told the limit, since nothing else bounds its answer. */
  boundedByUpstream: boolean;
}

/** Under this many tokens an answer is not worth cutting: the call is refused instead. */
const LEAST_USEFUL_OUTPUT_TOKENS = 256;

/** What a call is likely to cost, in nano-dollars; 0 where no price is known. */
export function expectedNanoUsd(estimate: TokenEstimate, price: ModelPrice | null, settings: AmountSettings): number {
  if (price === null) return 0;
  const outputTokens = estimate.producesOutput
    ? (estimate.requestedOutputTokens ?? settings.typicalOutputTokens) * estimate.choices
    : 0;
  return computeCostNanoUsd(estimatedUsage(estimate.billedInputTokens, outputTokens), price);
}

/** Standard mode: wanted is the likely cost, enough is one nano-dollar, so a call is admitted while anything remains. */
export function standardAmounts(expectedNanoUsd: number): Amounts {
  return { amount: Math.max(1, expectedNanoUsd), atLeast: 1 };
}

/** Hard mode: wanted is the worst that can happen; enough is the worst of the shortest answer worth having. */
export function hardAmounts(
  estimate: TokenEstimate,
  price: ModelPrice,
  maxOutputTokens: number | null,
  settings: AmountSettings,
): Amounts & { output: HardOutput } {
  const maxTokens = estimate.producesOutput
    ? largestOutput(estimate.requestedOutputTokens, maxOutputTokens, settings)
    : 0;
  const cost = (outputTokens: number): number =>
    computeWorstCaseNanoUsd(
      { inputTokens: estimate.maxInputTokens, outputTokens: outputTokens * estimate.choices },
      price,
    );
  return {
    amount: cost(maxTokens),
    atLeast: cost(Math.min(maxTokens, LEAST_USEFUL_OUTPUT_TOKENS)),
    output: {
      maxTokens,
      boundedByUpstream:
        !estimate.producesOutput || maxOutputTokens !== null || estimate.requestedOutputTokens !== null,
    },
  };
}

function largestOutput(requested: number | null, ofModel: number | null, settings: AmountSettings): number {
  if (requested === null) return ofModel ?? settings.hardDefaultMaxTokens;
  return ofModel === null ? requested : Math.min(requested, ofModel);
}

/** A call without `max_tokens` reserves its input only, as LiteLLM does; what it then produces counts when it settles. */
export function reservedTokens(estimate: TokenEstimate, type: AmountSettings['tokenRateType']): number {
  const output = (estimate.requestedOutputTokens ?? 0) * estimate.choices;
  if (type === 'input') return estimate.inputTokens;
  return Math.max(1, type === 'output' ? output : estimate.inputTokens + output);
}
