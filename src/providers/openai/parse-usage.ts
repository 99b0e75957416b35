import { isJsonObject } from '../../core/json.ts';
import type { Usage } from '../../core/usage.ts';

/** More than any context window or answer will hold; a larger number is garbage, and would be billed. */
const MAX_TOKENS = 1_000_000_000;

/**
 * The `usage` object of an OpenAI-shaped answer → our counts; null when it counts nothing.
 *
 * Dialects differ in where cached and reasoning tokens are told and in whether the totals include them. Ours always do:
 * parts that are larger than their whole, or that the total shows to be beside it, are added to it. Where what is billed is
 * no sensible number, none of it is believed: half of a count would give the other half away, an estimate gives neither.
 * Of the details, such a field is as good as absent.
 */
export function parseUsage(usage: unknown): Usage | null {
  if (!isJsonObject(usage)) return null;
  const prompt = count(usage.prompt_tokens) ?? count(usage.input_tokens);
  const completion = count(usage.completion_tokens) ?? count(usage.output_tokens);
  if (prompt === null && completion === null) return null;
  if (isGarbage(usage.prompt_tokens) || isGarbage(usage.completion_tokens)) return null;
  if (isGarbage(usage.input_tokens) || isGarbage(usage.output_tokens)) return null;

  const promptDetails = detailsOf(usage, 'prompt_tokens_details', 'input_tokens_details');
  const completionDetails = detailsOf(usage, 'completion_tokens_details', 'output_tokens_details');
  const cacheReadTokens =
    count(promptDetails.cached_tokens) ??
    count(usage.prompt_cache_hit_tokens) ??
    count(usage.cache_read_input_tokens) ??
    0;
  const cacheWriteTokens = count(usage.cache_creation_input_tokens) ?? count(promptDetails.cache_creation_tokens) ?? 0;
  const reasoningTokens = count(completionDetails.reasoning_tokens) ?? 0;

  let promptTokens = prompt ?? 0;
  if (cacheReadTokens + cacheWriteTokens > promptTokens) promptTokens += cacheReadTokens + cacheWriteTokens;
  let completionTokens = completion ?? 0;
  const reasoningIsBeside = count(usage.total_tokens) === promptTokens + completionTokens + reasoningTokens;
  if (reasoningIsBeside || reasoningTokens > completionTokens) completionTokens += reasoningTokens;

  return {
    promptTokens,
    completionTokens,
    totalTokens: Math.max(count(usage.total_tokens) ?? 0, promptTokens + completionTokens),
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    estimated: false,
  };
}

function detailsOf(usage: Record<string, unknown>, ...names: string[]): Record<string, unknown> {
  for (const name of names) {
    const details = usage[name];
    if (isJsonObject(details)) return details;
  }
  return {};
}

function count(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= MAX_TOKENS ? Math.floor(value) : null;
}

function isGarbage(value: unknown): boolean {
  return value !== undefined && value !== null && count(value) === null;
}
