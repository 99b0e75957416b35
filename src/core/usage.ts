/**
 * Tokens of one call as the upstream counted them. `promptTokens` includes cached ones and
 * `completionTokens` includes reasoning, as in the OpenAI API.
 */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  /** True when the upstream sent no usage and these are our own estimate. */
  estimated: boolean;
}

/** Usage that nobody reported: our own guess, and marked so. */
export function estimatedUsage(promptTokens: number, completionTokens: number): Usage {
  return {
    promptTokens,
    completionTokens,
    totalTokens: promptTokens + completionTokens,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    estimated: true,
  };
}
