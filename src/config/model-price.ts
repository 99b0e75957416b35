/**
 * Prices as the file gives them (dollars per token, LiteLLM's names) → a `ModelPrice`. What `litellm_params` says comes
 * before what `model_info` says. Prices above a prompt size become tiers that apply to the whole call.
 */
import type { ModelPrice, PriceTier } from '../core/model.ts';

const TOKEN_PRICES = [
  'input_cost_per_token',
  'output_cost_per_token',
  'cache_read_input_token_cost',
  'cache_creation_input_token_cost',
  'output_cost_per_reasoning_token',
] as const;
/** Prompt sizes for which price lists name a price of their own. */
const TIERS = ['128k', '200k', '256k', '272k', '512k'] as const;

type TokenPrice = (typeof TOKEN_PRICES)[number];
type TierPrice = `${TokenPrice}_above_${(typeof TIERS)[number]}_tokens`;
export type PriceName = TokenPrice | TierPrice | 'input_cost_per_request';

const tierName = (price: TokenPrice, tier: (typeof TIERS)[number]): TierPrice => `${price}_above_${tier}_tokens`;

/** Every price that has a meaning. */
export const PRICE_NAMES: readonly PriceName[] = [
  ...TOKEN_PRICES,
  'input_cost_per_request',
  ...TIERS.flatMap((tier) => TOKEN_PRICES.map((price) => tierName(price, tier))),
];

/** Dollars, or null where the file says nothing. */
export type PriceSettings = Readonly<Record<PriceName, number | null>>;

const PICO_PER_USD = 1e12;
const NANO_PER_USD = 1e9;

/** True when any price is given at all. */
export function hasPrice(settings: PriceSettings): boolean {
  return PRICE_NAMES.some((name) => settings[name] !== null);
}

/**
 * The price of a deployment; undefined when the file does not say enough for one (then the price library is asked): it
 * takes a price per input token, per output token or per request. The others of these are 0 then.
 */
export function toModelPrice(settings: PriceSettings): ModelPrice | undefined {
  const { input_cost_per_token: input, output_cost_per_token: output, input_cost_per_request: request } = settings;
  if (input === null && output === null && request === null) return undefined;
  const base: PriceTier = {
    fromPromptTokens: 0,
    inputPicoUsd: toPicoUsd(input) ?? 0,
    outputPicoUsd: toPicoUsd(output) ?? 0,
    cacheReadPicoUsd: toPicoUsd(settings.cache_read_input_token_cost),
    cacheWritePicoUsd: toPicoUsd(settings.cache_creation_input_token_cost),
    reasoningPicoUsd: toPicoUsd(settings.output_cost_per_reasoning_token),
  };
  const tiers = [base];
  for (const tier of TIERS) {
    const price = (name: TokenPrice) => toPicoUsd(settings[tierName(name, tier)]);
    if (TOKEN_PRICES.every((name) => price(name) === null)) continue;
    const below = tiers[tiers.length - 1] ?? base;
    tiers.push({
      // "Above 200k" is from the next token on.
      fromPromptTokens: Number.parseInt(tier, 10) * 1000 + 1,
      inputPicoUsd: price('input_cost_per_token') ?? below.inputPicoUsd,
      outputPicoUsd: price('output_cost_per_token') ?? below.outputPicoUsd,
      cacheReadPicoUsd: price('cache_read_input_token_cost') ?? below.cacheReadPicoUsd,
      cacheWritePicoUsd: price('cache_creation_input_token_cost') ?? below.cacheWritePicoUsd,
      reasoningPicoUsd: price('output_cost_per_reasoning_token') ?? below.reasoningPicoUsd,
    });
  }
  return { tiers, requestNanoUsd: request === null ? 0 : Math.round(request * NANO_PER_USD) };
}

/** Per field, what `params` says, else what `info` says. */
export function mergePrices(params: PriceSettings, info: PriceSettings | null): PriceSettings {
  return Object.fromEntries(PRICE_NAMES.map((name) => [name, params[name] ?? info?.[name] ?? null])) as PriceSettings;
}

function toPicoUsd(usd: number | null): number | null {
  return usd === null ? null : Math.round(usd * PICO_PER_USD);
}
