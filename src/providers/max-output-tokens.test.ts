import { expect, test } from 'vitest';
import { findMaxOutputTokens } from './max-output-tokens.ts';

test.each<[string, number | null]>([
  ['gpt-4o', 16_384],
  ['gpt-4o-2024-08-06', 16_384],
  ['gpt-4o-2024-05-13', 4_096],
  ['openai/gpt-4o-mini', 16_384],
  ['gpt-5', 128_000],
  ['gpt-5-2025-08-07', 128_000],
  ['gpt-5-chat-latest', null],
  ['claude-sonnet-4-5', 64_000],
  ['claude-sonnet-4-5-20250929', 64_000],
  ['claude-sonnet-4-5@20250929', 64_000],
  ['claude-3-5-sonnet-latest', 8_192],
  ['anthropic.claude-3-haiku-20240307-v1:0', 4_096],
  ['us.anthropic.claude-opus-4-1-20250805-v1:0', 32_000],
  ['anthropic/claude-opus-4', 32_000],
  ['GPT-4O', 16_384],
  ['gemini-2.5-pro', 65_535],
  ['gpt-4o-realtime-preview', null],
  ['my-deployment', null],
  ['', null],
])('%s: %s tokens', (model, tokens) => {
  expect(findMaxOutputTokens(model)).toBe(tokens);
});
