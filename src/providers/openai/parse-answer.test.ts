import { describe, expect, test } from 'vitest';
import type { Operation } from '../../core/operation.ts';
import { parseAnswer } from './parse-answer.ts';

const parse = (body: string | Buffer, operation: Operation = 'chat', requested: string | null = 'gpt') =>
  parseAnswer({ operation, requested }, Buffer.from(body));

const usage = '"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}';

describe('parseAnswer', () => {
  test('restamps the model and leaves every other byte as it was', () => {
    const before = `{ "id":"chatcmpl-1",\n "seed":12345678901234567890,"model" : "gpt-4o-2024", "x":1.0,"é":"😀",${usage} }\n`;
    const answer = parse(before);
    expect(answer.body.toString()).toBe(before.replace('"gpt-4o-2024"', '"gpt"'));
    expect(answer).toMatchObject({ responseId: 'chatcmpl-1', malformed: false, contentBytes: 0 });
    expect(answer.usage).toMatchObject({ promptTokens: 5, completionTokens: 2, totalTokens: 7 });
  });

  test('hands on the very buffer where the model is right, absent, or was not named by the client', () => {
    for (const [body, requested] of [
      [`{"model":"g\\u0070t",${usage}}`, 'gpt'],
      [`{${usage}}`, 'gpt'],
      [`{"model":"other",${usage}}`, null],
    ] as const) {
      const bytes = Buffer.from(body);
      expect(parseAnswer({ operation: 'chat', requested }, bytes).body).toBe(bytes);
    }
  });

  test('a model inside the answer is left alone', () => {
    const body = `{"choices":[{"model":"inner"}],"model":"outer",${usage}}`;
    expect(parse(body).body.toString()).toBe(body.replace('"outer"', '"gpt"'));
  });

  test('a requested name beyond ASCII is stamped as UTF-8', () => {
    expect(JSON.parse(parse(`{"model":"ü",${usage}}`, 'chat', 'modèle "x"').body.toString()).model).toBe('modèle "x"');
    expect(parse(`{"model":"ü",${usage}}`, 'chat', 'ü').body.toString()).toBe(`{"model":"ü",${usage}}`);
  });

  const silent: [name: string, operation: Operation, body: object, bytes: number][] = [
    ['content', 'chat', { choices: [{ message: { content: 'é12' } }, { message: { content: 'abc' } }] }, 7],
    [
      'reasoning and tool arguments',
      'chat',
      {
        choices: [
          { message: { content: null, reasoning_content: 'abc', tool_calls: [{ function: { arguments: '{}' } }] } },
        ],
      },
      5,
    ],
    ['a completion', 'completion', { choices: [{ text: 'abcd' }] }, 4],
    ['an embedding', 'embedding', { data: [{ embedding: [1, 2] }] }, 0],
    ['nothing', 'chat', { choices: [null, { message: null }] }, 0],
  ];
  test.each(silent)('without usage, counts the text of %s', (_, operation, body, contentBytes) => {
    expect(parse(JSON.stringify(body), operation)).toMatchObject({ usage: null, contentBytes });
  });

  test.each(['', 'null', '[]', 'upstream is warming up', '<html></html>', '{"id":"x"', '{"id":"x","choices":[{'])(
    '%j is malformed and handed on untouched',
    (body) => {
      expect(parse(body)).toMatchObject({ malformed: true, usage: null, contentBytes: 0 });
      expect(parse(body).body.toString()).toBe(body);
    },
  );

  test('values that are not what they should be are not used', () => {
    expect(parse('{"id":7,"model":3,"usage":"many"}')).toMatchObject({ responseId: null, usage: null });
    expect(parse('{"id":x,"usage":{"prompt_tokens":}}')).toMatchObject({ responseId: null, usage: null });
  });
});
