/**
 * Public list prices, from the library's own data: nothing is ever fetched. Only its rates are used; what a call costs
 * is computed by core/pricing, exactly. A model that is not listed, or not by the token, has no price: never 0.
 *
 * The data are large, so they are loaded when first needed and not with the program.
 */
import { LRUCache } from 'lru-cache';
import { boundEntries } from '../core/bound-entries.ts';
import type { ModelPrice } from '../core/model.ts';
import { buildModelPrice } from '../core/pricing.ts';
import { findMaxOutputTokens } from './max-output-tokens.ts';

/** What is publicly known about a model. Null: not known. */
export interface ListedModel {
  price: ModelPrice | null;
  /** The longest answer in tokens. */
  maxOutputTokens: number | null;
  /** Prompt and answer together, in tokens. */
  contextWindow: number | null;
}

export interface PriceLibrary {
  /**
   * `provider` as in the configuration (`openai`, `together_ai`, `vertex_ai`); `model` as that provider calls it, or
   * with the provider before it (`azure/gpt-4`). Some prices depend on the date or the time of day, hence `nowMs`.
   */
  findModelPrice(provider: string, model: string, nowMs: number): ListedModel;
}

const CACHED_MODELS = 1_000;
const TOKENS_PER_RATE = 1_000_000;
const REQUESTS_PER_RATE = 1_000;
/** Prices that follow the clock change on the minute. */
const CLOCK_STEP_MS = 60_000;

/** Our names of providers → the library's. A provider that is not here has no list prices: it is somebody's own machine. */
const LIBRARY_IDS: ReadonlyMap<string, string> = new Map([
  ['openai', 'openai'],
  ['text-completion-openai', 'openai'],
  ['azure', 'azure'],
  ['azure_ai', 'azure'],
  ['anthropic', 'anthropic'],
  ['gemini', 'google'],
  ['vertex_ai', 'google'],
  ['vertex_ai_beta', 'google'],
  ['bedrock', 'aws'],
  ['bedrock_converse', 'aws'],
  ['cerebras', 'cerebras'],
  ['codestral', 'mistral'],
  ['cohere', 'cohere'],
  ['cohere_chat', 'cohere'],
  ['deepseek', 'deepseek'],
  ['fireworks_ai', 'fireworks'],
  ['groq', 'groq'],
  ['minimax', 'minimax'],
  ['mistral', 'mistral'],
  ['moonshot', 'moonshotai'],
  ['novita', 'novita'],
  ['openrouter', 'openrouter'],
  ['ovhcloud', 'ovhcloud'],
  ['perplexity', 'perplexity'],
  ['together_ai', 'together'],
  ['voyage', 'voyageai'],
  ['xai', 'x-ai'],
  ['zai', 'zai'],
]);

type Library = typeof import('@pydantic/genai-prices');
type Listing = NonNullable<ReturnType<Library['calcPrice']>>;
type Rates = Listing['model_price'];

/** Loads the data once per process; every call gives a library with a cache of its own. */
export async function loadPriceLibrary(): Promise<PriceLibrary> {
  const library = await import('@pydantic/genai-prices');
  const cache = new LRUCache<string, { listed: ListedModel; fromMs: number; untilMs: number }>(
    boundEntries(CACHED_MODELS),
  );
  return {
    findModelPrice(provider, model, nowMs) {
      const name = `${provider} ${model}`;
      const known = cache.get(name);
      if (known !== undefined && known.fromMs <= nowMs && nowMs < known.untilMs) return known.listed;
      const listing = findListing(library, provider, model, nowMs);
      const listed: ListedModel = {
        price: listing === undefined ? null : toModelPrice(listing.model_price, listing.model.id),
        maxOutputTokens: findMaxOutputTokens(model),
        contextWindow: listing?.model.context_window ?? null,
      };
      const followsClock = Array.isArray(listing?.model.prices);
      const fromMs = followsClock ? Math.floor(nowMs / CLOCK_STEP_MS) * CLOCK_STEP_MS : Number.NEGATIVE_INFINITY;
      cache.set(name, { listed, fromMs, untilMs: followsClock ? fromMs + CLOCK_STEP_MS : Number.POSITIVE_INFINITY });
      return listed;
    },
  };
}

function findListing(library: Library, provider: string, model: string, nowMs: number): Listing | undefined {
  const providerId = LIBRARY_IDS.get(provider);
  if (providerId === undefined) return undefined;
  const ask = (id: string, name: string): Listing | undefined =>
    library.calcPrice({ input_tokens: 1 }, name, { providerId: id, timestamp: new Date(nowMs) }) ?? undefined;
  const found = ask(providerId, model);
  if (found !== undefined) return found;
  const slash = model.indexOf('/');
  const prefixId = LIBRARY_IDS.get(model.slice(0, Math.max(0, slash)));
  // Only the same provider, or one whose models Azure resells: elsewhere the prefix is a maker, who asks other prices.
  const sameSeller = prefixId === providerId || (providerId === 'azure' && prefixId === 'openai');
  return prefixId !== undefined && sameSeller ? ask(prefixId, model.slice(slash + 1)) : undefined;
}

/** Embeddings. Any other model without a price for output is one from when both cost the same. */
const ANSWERS_WITHOUT_TOKENS = /embed|voyage|bge-/;

function toModelPrice(rates: Rates, modelId: string): ModelPrice | null {
  const input = rates.input_mtok;
  if (input === undefined) return null;
  const output = rates.output_mtok ?? (ANSWERS_WITHOUT_TOKENS.test(modelId) ? 0 : input);
  const { cache_read_mtok: cacheRead, cache_write_mtok: cacheWrite, output_reasoning_mtok: reasoning } = rates;
  const ratesAt = (promptTokens: number) => ({
    inputUsd: toUsdPerToken(input, promptTokens),
    outputUsd: toUsdPerToken(output, promptTokens),
    cacheReadUsd: cacheRead === undefined ? null : toUsdPerToken(cacheRead, promptTokens),
    cacheWriteUsd: cacheWrite === undefined ? null : toUsdPerToken(cacheWrite, promptTokens),
    reasoningUsd: reasoning === undefined ? null : toUsdPerToken(reasoning, promptTokens),
  });
  // A tier of the library begins above its start, ours at its first prompt size.
  const starts = [input, output, cacheRead, cacheWrite, reasoning].flatMap((rate) =>
    typeof rate === 'object' ? rate.tiers.map((tier) => tier.start + 1) : [],
  );
  return buildModelPrice({
    ...ratesAt(0),
    requestUsd: rateAt(rates.requests_kcount ?? 0, 0) / REQUESTS_PER_RATE,
    above: [...new Set(starts)].map((fromPromptTokens) => ({ fromPromptTokens, ...ratesAt(fromPromptTokens) })),
  });
}

function toUsdPerToken(rate: NonNullable<Rates[string]>, promptTokens: number): number {
  return rateAt(rate, promptTokens) / TOKENS_PER_RATE;
}

function rateAt(rate: NonNullable<Rates[string]>, promptTokens: number): number {
  if (typeof rate === 'number') return rate;
  return rate.tiers.findLast((tier) => promptTokens > tier.start)?.price ?? rate.base;
}
