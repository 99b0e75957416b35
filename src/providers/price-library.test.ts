import { findProvider } from '@pydantic/genai-prices';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ModelPrice } from '../core/model.ts';
import { computeCostNanoUsd } from '../core/pricing.ts';
import { estimatedUsage } from '../core/usage.ts';
import { loadPriceLibrary, type PriceLibrary } from './price-library.ts';

const NOON = Date.parse('2026-01-15T12:00:00Z');

let library: PriceLibrary;
beforeAll(async () => {
  library = await loadPriceLibrary();
});

/** Dollars per million tokens as integers, which pico-dollars per token are a million times of. */
function tier(fromPromptTokens: number, input: number, output: number, more: { read?: number; write?: number } = {}) {
  const pico = (perMillion: number | undefined): number | null =>
    perMillion === undefined ? null : Math.round(perMillion * 1_000_000);
  return {
    fromPromptTokens,
    inputPicoUsd: pico(input),
    outputPicoUsd: pico(output),
    cacheReadPicoUsd: pico(more.read),
    cacheWritePicoUsd: pico(more.write),
    reasoningPicoUsd: null,
  };
}

const GPT_4O = [tier(0, 2.5, 10, { read: 1.25 })];

describe('findModelPrice', () => {
  test.each<[string, string, unknown]>([
    ['openai', 'gpt-4o', GPT_4O],
    ['openai', 'gpt-4o-2024-08-06', GPT_4O],
    ['azure', 'gpt-4o', GPT_4O],
    ['azure', 'azure/gpt-4o', GPT_4O],
    ['azure', 'openai/gpt-4o', GPT_4O],
    ['openai', 'openai/gpt-4o', GPT_4O],
    ['openai', 'gpt-5', [tier(0, 1.25, 10, { read: 0.125 })]],
    ['openai', 'text-embedding-3-small', [tier(0, 0.02, 0)]],
    [
      'anthropic',
      'claude-sonnet-4-5',
      [tier(0, 3, 15, { read: 0.3, write: 3.75 }), tier(200_001, 6, 22.5, { read: 0.6, write: 7.5 })],
    ],
    ['gemini', 'gemini-2.5-pro', [tier(0, 1.25, 10, { read: 0.125 }), tier(200_001, 2.5, 15, { read: 0.25 })]],
    ['vertex_ai', 'gemini-2.5-pro', [tier(0, 1.25, 10, { read: 0.125 }), tier(200_001, 2.5, 15, { read: 0.25 })]],
    ['bedrock', 'us.anthropic.claude-3-haiku-20240307-v1:0', [tier(0, 0.25, 1.25)]],
    ['groq', 'llama-3.3-70b-versatile', [tier(0, 0.59, 0.79)]],
    ['together_ai', 'meta-llama/Llama-3.3-70B-Instruct-Turbo', [tier(0, 0.88, 0.88)]],
    ['fireworks_ai', 'accounts/fireworks/models/llama-v3p1-8b-instruct', [tier(0, 0.2, 0.2)]],
    ['openrouter', 'openai/gpt-4o', [tier(0, 2.5, 10)]],
    ['xai', 'grok-4', [tier(0, 3, 15, { read: 0.75 })]],
    ['azure', 'davinci', [tier(0, 2, 2)]],
  ])('%s, %s', (provider, model, tiers) => {
    expect(library.findModelPrice(provider, model, NOON).price).toEqual({ tiers, requestNanoUsd: 0 });
  });

  test('a price per call comes with the prices per token', () => {
    const { price } = library.findModelPrice('perplexity', 'sonar', NOON);
    expect(price).toEqual({ tiers: [tier(0, 1, 1)], requestNanoUsd: 12_000_000 });
  });

  test.each([
    ['openai', 'fake-openai-endpoint'],
    ['openai', 'gpt-4o-that-was-never-made'],
    ['openai', 'whisper-1'],
    ['openai', 'tts-1'],
    ['openai', 'dall-e-3'],
    ['mistral', 'mistral-ocr-latest'],
    ['google', 'gemini-2.5-pro'],
    ['ollama', 'gpt-4o'],
    ['hosted_vllm', 'openai/gpt-4o'],
    ['openai', 'deepseek/deepseek-chat'],
    ['together_ai', 'openai/gpt-4o'],
    ['openai', ''],
    ['openai', '/'],
    ['', ''],
  ])('%s, %s: no price, rather than 0 or that of another', (provider, model) => {
    expect(library.findModelPrice(provider, model, NOON).price).toBeNull();
  });

  test('a short chat with gpt-4o costs what its maker says', () => {
    const price = library.findModelPrice('openai', 'gpt-4o', NOON).price as ModelPrice;
    expect(computeCostNanoUsd(estimatedUsage(20, 10), price)).toBe(150_000);
    expect(computeCostNanoUsd({ ...estimatedUsage(20, 10), cacheReadTokens: 10 }, price)).toBe(137_500);
  });

  test('a price that depends on the hour is the one of the hour, also the second time', () => {
    const at = (time: string) => library.findModelPrice('deepseek', 'deepseek-chat', Date.parse(time)).price;
    const day = at('2026-01-15T16:29:59.999Z');
    const night = at('2026-01-15T16:30:00.000Z');
    expect(day?.tiers[0]?.outputPicoUsd).toBe(1_100_000);
    expect(night?.tiers[0]?.outputPicoUsd).toBe(550_000);
    expect(at('2026-01-15T16:29:00.000Z')).toEqual(day);
    expect(at('2026-01-16T00:30:00.000Z')).toEqual(day);
  });

  test('a price that changed one day is the one of the day', () => {
    const at = (time: string) => library.findModelPrice('openai', 'o3', Date.parse(time)).price?.tiers[0]?.inputPicoUsd;
    expect(at('2025-06-09T23:59:59.999Z')).toBe(10_000_000);
    expect(at('2025-06-10T00:00:00.000Z')).toBe(2_000_000);
  });

  test('sizes come along where they are known', () => {
    expect(library.findModelPrice('openai', 'gpt-4o', NOON)).toMatchObject({
      maxOutputTokens: 16_384,
      contextWindow: 128_000,
    });
    expect(library.findModelPrice('openai', 'unheard-of', NOON)).toEqual({
      price: null,
      maxOutputTokens: null,
      contextWindow: null,
    });
  });

  test('every model in the data can be asked for, and no price is free that is not said to be', () => {
    for (const [ours, theirs] of [
      ['openai', 'openai'],
      ['anthropic', 'anthropic'],
      ['gemini', 'google'],
      ['bedrock', 'aws'],
      ['azure', 'azure'],
      ['mistral', 'mistral'],
      ['openrouter', 'openrouter'],
    ] as const) {
      for (const { id } of findProvider({ providerId: theirs })?.models ?? []) {
        const { price } = library.findModelPrice(ours, id, NOON);
        if (price !== null) expect([id, price.tiers[0]?.inputPicoUsd]).not.toEqual([id, 0]);
      }
    }
  });
});
