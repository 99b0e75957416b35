import { expect, test } from 'vitest';
import { guessProviders } from './guess-providers.ts';

test.each([
  ['gpt-4', ['openai']],
  ['o3', ['openai']],
  ['claude-sonnet-4-5', ['anthropic']],
  ['gemini-2.5-pro', ['gemini', 'vertex_ai']],
  ['o3000-internal', []],
  ['llama-3', []],
  ['', []],
])('%s may come from %j', (model, providers) => {
  expect(guessProviders(model)).toEqual(providers);
});
