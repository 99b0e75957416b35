import { describe, expect, test } from 'vitest';
import { estimateTokens, widenEstimate } from './token-estimate.ts';

const IMAGE = 1_000;
const chat = (body: Record<string, unknown>) => estimateTokens('chat', body, 500, IMAGE);

describe('input', () => {
  test.each<[string, unknown, number]>([
    ['four characters a token', [{ role: 'user', content: 'a'.repeat(40) }], 10],
    ['at least one', [{ role: 'user', content: '' }], 1],
    [
      'text parts',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a'.repeat(8) },
            { type: 'text', text: 'b'.repeat(8) },
          ],
        },
      ],
      4,
    ],
    ['arguments of tool calls', [{ role: 'assistant', tool_calls: [{ function: { arguments: '{"a":123}---' } }] }], 3],
    ['what is no message', [null, 5, 'x'], 1],
    ['no messages at all', undefined, 1],
  ])('%s', (_name, messages, inputTokens) => {
    expect(chat({ messages }).inputTokens).toBe(inputTokens);
  });

  test('prompts are lists of lists at most: a deeper one is refused, not walked', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 'four' : [nested(depth - 1)]);
    expect(estimateTokens('completion', { prompt: nested(8) }, 0, 0).inputTokens).toBe(1);
    for (const [operation, field] of [
      ['completion', 'prompt'],
      ['embedding', 'input'],
    ] as const) {
      expect(() => estimateTokens(operation, { [field]: nested(500) }, 0, 0)).toThrow(
        expect.objectContaining({ code: 'bad_request', param: field }),
      );
    }
  });

  test('numbers that no upstream takes stay numbers that can be counted with', () => {
    const { requestedOutputTokens, choices } = chat({ max_tokens: 1e308, n: 1e308 });
    expect([requestedOutputTokens, choices]).toEqual([2 ** 31, 2 ** 31]);
  });

  test.each<[unknown, number | null]>([
    ['3', 3],
    [' 3.0 ', 3],
    ['1_000', 1_000],
    ['', null],
    ['many', null],
    ['-5', null],
    [true, null],
  ])('a number written as a text counts as the number that a lenient upstream takes it for: %j', (given, read) => {
    const { requestedOutputTokens, choices } = chat({ max_tokens: given, n: given });
    expect([requestedOutputTokens, choices]).toEqual([read, read ?? 1]);
  });

  test('what is billed also counts the framing of each message', () => {
    expect(chat({ messages: [{ content: 'a'.repeat(40) }, { content: '' }] }).billedInputTokens).toBe(10 + 2 * 4 + 3);
  });

  test('the bound is a token for each byte, and more for images', () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    expect(chat({ messages: [{ content: 'hi' }] }).maxInputTokens).toBe(500 + 4 + 64);
    expect(chat({ messages: [{ content: [image, image] }] }).maxInputTokens).toBe(500 + 4 + 64 + 2 * IMAGE);
  });

  test.each<[unknown, number]>([
    ['a'.repeat(12), 3],
    [['aaaa', 'bbbb'], 2],
    [[1, 2, 3], 3],
    [[[1, 2], [3]], 3],
  ])('embedding input %j', (input, inputTokens) => {
    expect(estimateTokens('embedding', { input }, 100, IMAGE)).toMatchObject({
      inputTokens,
      producesOutput: false,
      requestedOutputTokens: null,
    });
  });
});

describe('output', () => {
  test.each<[Record<string, unknown>, number | null]>([
    [{}, null],
    [{ max_tokens: 5 }, 5],
    [{ max_completion_tokens: 7 }, 7],
    [{ max_tokens: 5, max_completion_tokens: 7 }, 7],
    [{ max_tokens: 0 }, 0],
    [{ max_tokens: null }, null],
    [{ max_tokens: -1 }, null],
    [{ max_tokens: 'many' }, null],
  ])('asked for by %j', (body, requestedOutputTokens) => {
    expect(chat(body).requestedOutputTokens).toBe(requestedOutputTokens);
  });

  test.each<[Record<string, unknown>, number]>([
    [{ prompt: 'a' }, 1],
    [{ prompt: 'a', n: 3 }, 3],
    [{ prompt: 'a', n: 2, best_of: 5 }, 5],
    [{ prompt: ['a', 'b'], n: 2 }, 4],
    [{ prompt: [1, 2, 3] }, 1],
  ])('answers of the completion %j', (body, choices) => {
    expect(estimateTokens('completion', body, 10, IMAGE).choices).toBe(choices);
  });
});

describe("with the deployments' defaults", () => {
  const body = { messages: [{ content: 'hi' }] };
  const plain = chat(body);
  const widen = (...defaults: Record<string, unknown>[]) => widenEstimate(plain, 'chat', body, defaults);

  test('nothing changes where there are none', () => {
    expect(widen({}, {})).toBe(plain);
    expect(widenEstimate(plain, 'embedding', body, [{ user: 'u' }])).toBe(plain);
  });

  test.each<[Record<string, unknown>[], number | null]>([
    [[{ max_tokens: 10 }], 10],
    [[{ max_tokens: 10 }, { max_completion_tokens: 30 }], 30],
    [[{ max_tokens: 10 }, {}], null],
    [[{ temperature: 0 }], null],
  ])('the output limit after %j is the largest, and none where one deployment sets none', (defaults, limit) => {
    expect(widen(...defaults).requestedOutputTokens).toBe(limit);
  });

  test('the answers are the most that any deployment asks for', () => {
    expect(widen({ n: 2 }, { n: 4 }, {}).choices).toBe(4);
  });

  test('the bound on the prompt grows by what the longest defaults may add to it', () => {
    const tools = [{ type: 'function', function: { name: 'weather', description: 'tells it\u00e9' } }];
    const added = Buffer.byteLength(JSON.stringify({ tools }));
    expect(widen({ tools }, { n: 1 }).maxInputTokens).toBe(plain.maxInputTokens + added);
  });
});
