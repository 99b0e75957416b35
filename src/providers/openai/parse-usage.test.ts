import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUsage } from './parse-usage.ts';

const none = { cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, estimated: false };

describe('parseUsage', () => {
  const cases: [name: string, usage: unknown, expected: Record<string, number>][] = [
    [
      'plain',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15 },
    ],
    ['embeddings', { prompt_tokens: 8, total_tokens: 8 }, { promptTokens: 8, completionTokens: 0, totalTokens: 8 }],
    [
      'no total',
      { prompt_tokens: 10, completion_tokens: 5 },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15 },
    ],
    [
      'cached and reasoning tokens',
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      { promptTokens: 100, completionTokens: 50, totalTokens: 150, cacheReadTokens: 64, reasoningTokens: 30 },
    ],
    [
      'DeepSeek',
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        total_tokens: 105,
        prompt_cache_hit_tokens: 60,
        prompt_cache_miss_tokens: 40,
      },
      { promptTokens: 100, completionTokens: 5, totalTokens: 105, cacheReadTokens: 60 },
    ],
    [
      'Anthropic fields, cached tokens beside the prompt',
      { prompt_tokens: 10, completion_tokens: 5, cache_creation_input_tokens: 200, cache_read_input_tokens: 300 },
      { promptTokens: 510, completionTokens: 5, totalTokens: 515, cacheReadTokens: 300, cacheWriteTokens: 200 },
    ],
    [
      'Anthropic fields, cached tokens inside the prompt',
      {
        prompt_tokens: 510,
        completion_tokens: 5,
        total_tokens: 515,
        cache_creation_input_tokens: 200,
        cache_read_input_tokens: 300,
      },
      { promptTokens: 510, completionTokens: 5, totalTokens: 515, cacheReadTokens: 300, cacheWriteTokens: 200 },
    ],
    [
      'reasoning beside the completion, as the total shows',
      {
        prompt_tokens: 10,
        completion_tokens: 40,
        total_tokens: 80,
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      { promptTokens: 10, completionTokens: 70, totalTokens: 80, reasoningTokens: 30 },
    ],
    [
      'input and output names',
      { input_tokens: 3, output_tokens: 4 },
      { promptTokens: 3, completionTokens: 4, totalTokens: 7 },
    ],
    [
      'details that are null',
      { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: null },
      { promptTokens: 1, completionTokens: 1, totalTokens: 2 },
    ],
    [
      'garbage where nothing is billed by it',
      { prompt_tokens: 7, completion_tokens: 3, total_tokens: -1, prompt_tokens_details: { cached_tokens: 'x' } },
      { promptTokens: 7, completionTokens: 3, totalTokens: 10 },
    ],
  ];
  test.each(cases)('reads %s', (_, usage, expected) => {
    expect(parseUsage(usage)).toEqual({ ...none, ...expected });
  });

  test.each([
    null,
    undefined,
    3,
    'x',
    [],
    {},
    { prompt_tokens: -1 },
    { prompt_tokens: '1', completion_tokens: null },
    { prompt_tokens: 1e300 },
    { prompt_tokens: '7', completion_tokens: 3 },
    { prompt_tokens: -5, completion_tokens: 5 },
    { prompt_tokens: 10, completion_tokens: 1e300 },
    { total_tokens: 5 },
  ])('takes %j for no usage', (usage) => {
    expect(parseUsage(usage)).toBeNull();
  });

  test('whatever comes, counts are whole, not negative, and parts fit in their whole', () => {
    const field = fc.oneof(fc.integer({ min: -5, max: 500 }), fc.jsonValue());
    const fields = fc.record(
      {
        prompt_tokens: field,
        completion_tokens: field,
        total_tokens: field,
        cache_read_input_tokens: field,
        cache_creation_input_tokens: field,
        completion_tokens_details: fc.record({ reasoning_tokens: field }),
        prompt_tokens_details: fc.record({ cached_tokens: field }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (usage) => {
        const parsed = parseUsage(usage);
        if (parsed === null) return;
        const { estimated, ...counts } = parsed;
        expect(estimated).toBe(false);
        for (const value of Object.values(counts)) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
        expect(counts.cacheReadTokens + counts.cacheWriteTokens).toBeLessThanOrEqual(counts.promptTokens);
        expect(counts.reasoningTokens).toBeLessThanOrEqual(counts.completionTokens);
        expect(counts.totalTokens).toBeGreaterThanOrEqual(counts.promptTokens + counts.completionTokens);
      }),
    );
  });
});
