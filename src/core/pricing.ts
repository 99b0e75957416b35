/**
 * What a call costs, in whole nano-dollars, and what it can cost at most. The tier that the prompt's size falls in
 * applies to the whole call. Rates are integers (pico-dollars per token), so nothing is rounded but the sum, once.
 */
import { GatewayError } from './gateway-error.ts';
import type { ModelPrice, PriceTier } from './model.ts';
import type { Usage } from './usage.ts';

const PICO_PER_USD = 1e12;
const PICO_PER_NANO = 1_000;
const NANO_PER_USD = 1e9;
/** What stands for "no bound" among output tokens: more than any call produces. */
export const UNBOUNDED_OUTPUT_TOKENS = 1_000_000_000;

/**
 * The price of what an upstream reported, rounded half up. Cached tokens are part of the prompt and reasoning is part
 * of the output; each has its own rate where the price has one. Counts that make no sense count as 0.
 */
export function computeCostNanoUsd(usage: Usage, price: ModelPrice): number {
  const prompt = toCount(usage.promptTokens);
  const completion = toCount(usage.completionTokens);
  const cacheRead = Math.min(toCount(usage.cacheReadTokens), prompt);
  const cacheWrite = Math.min(toCount(usage.cacheWriteTokens), prompt - cacheRead);
  const reasoning = Math.min(toCount(usage.reasoningTokens), completion);
  const tier = tierOf(prompt, price);
  const picoUsd =
    (prompt - cacheRead - cacheWrite) * tier.inputPicoUsd +
    cacheRead * (tier.cacheReadPicoUsd ?? tier.inputPicoUsd) +
    cacheWrite * (tier.cacheWritePicoUsd ?? tier.inputPicoUsd) +
    (completion - reasoning) * tier.outputPicoUsd +
    reasoning * (tier.reasoningPicoUsd ?? tier.outputPicoUsd);
  return toNano(picoUsd, price);
}

/**
 * No call of at most so many tokens costs more than this, whatever it caches, reasons about, or falls short of:
 * each token at the dearest rate of its kind, in the dearest tier within reach.
 */
export function computeWorstCaseNanoUsd(
  tokens: { inputTokens: number; outputTokens: number },
  price: ModelPrice,
): number {
  const input = toCount(tokens.inputTokens);
  const output = toCount(tokens.outputTokens);
  let worstPicoUsd = 0;
  for (const tier of price.tiers) {
    if (tier.fromPromptTokens > input) break;
    const inputRate = Math.max(tier.inputPicoUsd, tier.cacheReadPicoUsd ?? 0, tier.cacheWritePicoUsd ?? 0);
    const outputRate = Math.max(tier.outputPicoUsd, tier.reasoningPicoUsd ?? 0);
    worstPicoUsd = Math.max(worstPicoUsd, input * inputRate + output * outputRate);
  }
  return toNano(worstPicoUsd, price);
}

/**
 * The most output tokens per answer, for `n` answers to one prompt, whose worst case fits in the budget.
 * 0: not even one does. UNBOUNDED_OUTPUT_TOKENS: the budget sets no bound.
 */
export function affordableOutputTokens(
  budgetNanoUsd: number,
  inputTokens: number,
  n: number,
  price: ModelPrice,
): number {
  const fits = (perAnswer: number): boolean =>
    computeWorstCaseNanoUsd({ inputTokens, outputTokens: perAnswer * n }, price) <= budgetNanoUsd;
  if (fits(UNBOUNDED_OUTPUT_TOKENS)) return UNBOUNDED_OUTPUT_TOKENS;
  let most = 0;
  let tooMany = UNBOUNDED_OUTPUT_TOKENS;
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (fits(middle)) most = middle;
    else tooMany = middle;
  }
  return most;
}

/** True when no call can cost anything, which is not the same as having no price. */
export function isFree(price: ModelPrice): boolean {
  return (
    price.requestNanoUsd === 0 &&
    price.tiers.every(
      (tier) =>
        tier.inputPicoUsd === 0 &&
        tier.outputPicoUsd === 0 &&
        !tier.cacheReadPicoUsd &&
        !tier.cacheWritePicoUsd &&
        !tier.reasoningPicoUsd,
    )
  );
}

/** Dollars per token. Absent or null cache and reasoning rates: billed as ordinary input and output. */
interface RatesUsd {
  inputUsd: number;
  outputUsd: number;
  cacheReadUsd?: number | null | undefined;
  cacheWriteUsd?: number | null | undefined;
  reasoningUsd?: number | null | undefined;
}

/** Rates from a prompt size on. What is absent stays as in the tier below. */
export interface HigherTierUsd extends Partial<RatesUsd> {
  /** The smallest prompt of this tier: for "above 200,000 tokens" 200,001. */
  fromPromptTokens: number;
}

export interface ModelPriceUsd extends RatesUsd {
  /** Dollars per call. */
  requestUsd?: number | null | undefined;
  /** In any order. */
  above?: readonly HigherTierUsd[] | undefined;
}

/** A price from dollars per token. Throws bad_request for a rate that is negative or not a number. */
export function buildModelPrice(usd: ModelPriceUsd): ModelPrice {
  const tiers: PriceTier[] = [toTier(0, usd)];
  let rates: RatesUsd = usd;
  for (const higher of [...(usd.above ?? [])].sort((a, b) => a.fromPromptTokens - b.fromPromptTokens)) {
    const from = higher.fromPromptTokens;
    if (!Number.isSafeInteger(from) || from <= (tiers.at(-1)?.fromPromptTokens ?? 0)) {
      throw new GatewayError('bad_request', 'Price tiers must begin at different, positive, whole prompt sizes', {
        param: 'fromPromptTokens',
      });
    }
    rates = {
      inputUsd: higher.inputUsd ?? rates.inputUsd,
      outputUsd: higher.outputUsd ?? rates.outputUsd,
      cacheReadUsd: higher.cacheReadUsd ?? rates.cacheReadUsd,
      cacheWriteUsd: higher.cacheWriteUsd ?? rates.cacheWriteUsd,
      reasoningUsd: higher.reasoningUsd ?? rates.reasoningUsd,
    };
    tiers.push(toTier(from, rates));
  }
  return { tiers, requestNanoUsd: scale('requestUsd', usd.requestUsd ?? 0, NANO_PER_USD) };
}

function toTier(fromPromptTokens: number, usd: RatesUsd): PriceTier {
  const optional = (name: 'cacheReadUsd' | 'cacheWriteUsd' | 'reasoningUsd'): number | null => {
    const rate = usd[name];
    return rate === null || rate === undefined ? null : scale(name, rate, PICO_PER_USD);
  };
  return {
    fromPromptTokens,
    inputPicoUsd: scale('inputUsd', usd.inputUsd, PICO_PER_USD),
    outputPicoUsd: scale('outputUsd', usd.outputUsd, PICO_PER_USD),
    cacheReadPicoUsd: optional('cacheReadUsd'),
    cacheWritePicoUsd: optional('cacheWriteUsd'),
    reasoningPicoUsd: optional('reasoningUsd'),
  };
}

function scale(name: string, usd: number, perUsd: number): number {
  const scaled = Math.round(usd * perUsd);
  if (usd >= 0 && Number.isSafeInteger(scaled)) return scaled;
  throw new GatewayError('bad_request', `A price must be a number of dollars, 0 or more: ${name} is ${usd}`, {
    param: name,
  });
}

function tierOf(promptTokens: number, price: ModelPrice): PriceTier {
  let applicable = price.tiers[0];
  if (applicable === undefined) throw new Error('A price has at least one tier');
  for (const tier of price.tiers) {
    if (tier.fromPromptTokens > promptTokens) break;
    applicable = tier;
  }
  return applicable;
}

function toNano(picoUsd: number, price: ModelPrice): number {
  const nano = Math.floor((picoUsd + PICO_PER_NANO / 2) / PICO_PER_NANO) + price.requestNanoUsd;
  return Math.min(nano, Number.MAX_SAFE_INTEGER);
}

function toCount(tokens: number): number {
  return tokens > 0 ? Math.min(Math.floor(tokens), Number.MAX_SAFE_INTEGER) : 0;
}
