/**
 * The providers that a model's bare name speaks of (`gpt-4` → openai), the likeliest first. None for a name that says
 * nothing. A guess, for where nobody has said better: what a deployment's provider is stands in the configuration.
 */
export function guessProviders(model: string): string[] {
  return FAMILIES_BY_PROVIDER.filter(([, families]) =>
    families.some((family) => model === family || model.startsWith(`${family}-`)),
  ).map(([provider]) => provider);
}

/** Families whose name says who makes them: `gpt` is `gpt` and `gpt-…`. One can be reached through several providers. */
const FAMILIES_BY_PROVIDER: readonly (readonly [provider: string, families: readonly string[]])[] = [
  ['openai', ['gpt', 'chatgpt', 'o1', 'o3', 'o4', 'codex', 'computer-use', 'text-embedding-3', 'text-embedding-ada']],
  ['openai', ['text-moderation', 'omni-moderation', 'dall-e', 'whisper', 'tts', 'davinci', 'babbage']],
  ['anthropic', ['claude']],
  ['gemini', ['gemini']],
  ['vertex_ai', ['gemini']],
  [
    'mistral',
    ['mistral', 'ministral', 'codestral', 'pixtral', 'magistral', 'devstral', 'open-mistral', 'open-mixtral'],
  ],
  ['deepseek', ['deepseek']],
  ['xai', ['grok']],
  ['cohere', ['command', 'embed-english', 'embed-multilingual']],
  ['perplexity', ['sonar']],
];
