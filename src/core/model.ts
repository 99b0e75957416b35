import type { JsonObject } from './json.ts';

/** Price of one token by prompt size: the tier with the largest `fromPromptTokens` ≤ prompt applies to the whole call. */
export interface PriceTier {
  fromPromptTokens: number;
  /** Pico-dollars (1e-12 USD) per token: fine enough for every published price to be an integer. */
  inputPicoUsd: number;
  outputPicoUsd: number;
  /** Null: billed as ordinary input / output. */
  cacheReadPicoUsd: number | null;
  cacheWritePicoUsd: number | null;
  reasoningPicoUsd: number | null;
}

/** What a model costs. Null where a price is expected means "unknown", which is not the same as free. */
export interface ModelPrice {
  /** Sorted by fromPromptTokens ascending; the first starts at 0. */
  tiers: readonly PriceTier[];
  /** Added once per call. */
  requestNanoUsd: number;
}

/** One upstream that serves a model group. Secrets are in here: never log a deployment, log its id. */
export interface Deployment {
  /** `model_info.id`, or a hash of the parameters. Shown as `x-litellm-model-id`. */
  id: string;
  /** The public name; repeated names form a group. May hold a wildcard (`*`, `openai/*`). */
  modelName: string;
  /** Dialect and default address: `openai`, `groq`, `ollama`, …, from the part of `litellm_params.model` before the slash. */
  provider: string;
  /** What the upstream calls the model; holds `*` when modelName does and the match is to be carried over. */
  upstreamModel: string;
  apiBase: string | null;
  apiKey: string | null;
  apiVersion: string | null;
  /** Where it serves from (`region_name`); null: not said. */
  region: string | null;
  organization: string | null;
  extraHeaders: Readonly<Record<string, string>>;
  /** Request fields for clients that leave them out (core/request-defaults.ts). */
  requestDefaults: Readonly<Record<string, unknown>>;
  mockResponse: string | JsonObject | null;
  timeoutMs: number | null;
  streamTimeoutMs: number | null;
  maxRetries: number | null;
  /** Share of traffic relative to its group's other members. */
  weight: number;
  rpm: number | null;
  tpm: number | null;
  maxParallelRequests: number | null;
  tags: readonly string[];
  accessGroups: readonly string[];
  /** Price from the configuration; undefined = look it up in the price library. */
  price: ModelPrice | undefined;
  /** Name under which the price library is asked (`base_model`), else upstreamModel. */
  baseModel: string | null;
  maxOutputTokens: number | null;
  mode: string | null;
  /** `model_info` as given, for /model/info. */
  info: JsonObject;
  /** Set when the deployment cannot serve: the one sentence that says why (a missing environment variable, say). */
  unavailable: string | null;
}
