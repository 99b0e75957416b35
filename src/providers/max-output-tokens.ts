/**
 * The longest answers of well-known models, in tokens, as their makers document them. A model whose limit is not known
 * for certain is left out: too high a number makes upstreams refuse calls, too low a one cuts answers.
 */
const MAX_OUTPUT_TOKENS: ReadonlyMap<string, number> = new Map([
  ['gpt-3.5-turbo', 4_096],
  ['gpt-4', 8_192],
  ['gpt-4-turbo', 4_096],
  ['gpt-4o', 16_384],
  ['gpt-4o-2024-05-13', 4_096],
  ['gpt-4o-mini', 16_384],
  ['gpt-4.1', 32_768],
  ['gpt-4.1-mini', 32_768],
  ['gpt-4.1-nano', 32_768],
  ['gpt-5', 128_000],
  ['gpt-5-mini', 128_000],
  ['gpt-5-nano', 128_000],
  ['gpt-5.1', 128_000],
  ['o1', 100_000],
  ['o3', 100_000],
  ['o3-mini', 100_000],
  ['o4-mini', 100_000],
  ['claude-3-haiku', 4_096],
  ['claude-3-opus', 4_096],
  ['claude-3-sonnet', 4_096],
  ['claude-3-5-haiku', 8_192],
  ['claude-3-5-sonnet', 8_192],
  ['claude-3-7-sonnet', 64_000],
  ['claude-sonnet-4', 64_000],
  ['claude-opus-4', 32_000],
  ['claude-opus-4-1', 32_000],
  ['claude-sonnet-4-5', 64_000],
  ['claude-haiku-4-5', 64_000],
  ['claude-opus-4-5', 64_000],
  ['gemini-1.5-flash', 8_192],
  ['gemini-1.5-pro', 8_192],
  ['gemini-2.0-flash', 8_192],
  ['gemini-2.5-flash', 65_535],
  ['gemini-2.5-pro', 65_535],
]);

/** `openai/`, `us.anthropic.`: who sells it. */
const SELLER = /^(?:.*\/)?(?:(?:us|eu|apac|jp|au|global)\.)?(?:anthropic\.)?/;
/** `-2024-08-06`, `-20250929`, `@20250929`, `-latest`, `-v1:0`: which edition it is. */
const EDITION = /(?:-latest|[-@]\d{4}-?\d{2}-?\d{2})?(?:-v\d+(?::\d+)?)?$/;

/** The longest answer of a model, by its name at any of its sellers; null where it is not known for certain. */
export function findMaxOutputTokens(model: string): number | null {
  const name = model.toLowerCase().replace(SELLER, '');
  return MAX_OUTPUT_TOKENS.get(name) ?? MAX_OUTPUT_TOKENS.get(name.replace(EDITION, '')) ?? null;
}
