import { describe, expect, it } from 'vitest';
import type { Json } from './json.ts';
import { readAnswer } from './read-answer.ts';

const stream = (...events: Json[]) =>
  `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`;
const chunk = (delta: Json, more: Record<string, Json> = {}) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
});

describe('an answer as one value', () => {
  it('is what the upstream sent where that is JSON, and a text where it is not', () => {
    expect(readAnswer('{"id":"c1"}')).toEqual({ id: 'c1' });
    expect(readAnswer('oops')).toBe('oops');
  });

  it('joins the events of a stream to a message', () => {
    const text = stream(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, { finish_reason: 'stop' }),
      { id: 'c1', object: 'chat.completion.chunk', choices: [], usage: { total_tokens: 3 } },
    );
    expect(readAnswer(text)).toEqual({
      id: 'c1',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage: { total_tokens: 3 },
    });
  });

  it('joins pieces of several tool calls', () => {
    const call = (index: number, more: Record<string, Json>) => ({ tool_calls: [{ index, ...more }] });
    const text = stream(
      chunk(call(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '' } })),
      chunk(call(0, { function: { arguments: '{"x"' } })),
      chunk(call(1, { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } })),
      chunk(call(0, { function: { arguments: ':1}' } })),
    );
    expect(readAnswer(text)).toMatchObject({
      choices: [
        {
          message: {
            tool_calls: [
              { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
              { index: 1, id: 'b', function: { name: 'g', arguments: '{}' } },
            ],
          },
        },
      ],
    });
  });

  it('joins texts of completions, each choice by itself', () => {
    const text = stream(
      { choices: [{ index: 1, text: 'b' }] },
      { choices: [{ index: 0, text: 'a' }] },
      { choices: [{ index: 1, text: 'c' }] },
    );
    expect(readAnswer(text)).toMatchObject({ choices: [{ text: 'a' }, { text: 'bc' }] });
  });
});
