import { describe, expect, it } from 'vitest';
import { toInputMessages, toOutputMessages } from './genai-messages.ts';

const text = (content: string) => ({ type: 'text', content });

describe('a prompt', () => {
  it('is messages of parts', () => {
    const image = { type: 'image_url', image_url: { url: 'https://a.example/b.png' } };
    const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } };
    const messages = toInputMessages([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] },
      { role: 'assistant', content: null, tool_calls: [call, { ...call, function: { name: 'x', arguments: '{' } }] },
      { role: 'tool', tool_call_id: 'c1', content: 'rain' },
    ]);
    expect(messages).toEqual([
      { role: 'system', parts: [text('Be brief.')] },
      { role: 'user', parts: [text('What is it?'), image] },
      {
        role: 'assistant',
        parts: [
          { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bonn' } },
          { type: 'tool_call', id: 'c1', name: 'x', arguments: '{' },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'rain' }] },
    ]);
  });

  it('is the user’s where it is no chat, whatever it is', () => {
    expect(toInputMessages('once upon')).toEqual([{ role: 'user', parts: [text('once upon')] }]);
    expect(toInputMessages(['a', [1, 2], { role: 7 }])).toEqual([
      { role: 'user', parts: [text('a')] },
      { role: 'user', parts: [{ type: 'other', content: [1, 2] }] },
      { role: 'user', parts: [{ type: 'other', content: { role: 7 } }] },
    ]);
    expect(toInputMessages([1, 2])).toEqual([{ role: 'user', parts: [{ type: 'other', content: [1, 2] }] }]);
    expect(toInputMessages(null)).toBeNull();
  });
});

describe('an answer', () => {
  it('is a message for each choice, with why it ended', () => {
    const called = { tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] };
    const choices = [
      { message: { role: 'assistant', content: 'hi' }, finish_reason: 'length' },
      { message: { role: 'assistant', content: null, ...called }, finish_reason: 'tool_calls' },
      { text: 'a time', finish_reason: null },
      { message: { role: 'assistant', content: null, refusal: 'I will not.' }, finish_reason: 'stop' },
    ];
    expect(toOutputMessages({ choices })).toEqual([
      { role: 'assistant', parts: [text('hi')], finish_reason: 'length' },
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: {} }],
        finish_reason: 'tool_call',
      },
      { role: 'assistant', parts: [text('a time')], finish_reason: 'stop' },
      { role: 'assistant', parts: [text('I will not.')], finish_reason: 'stop' },
    ]);
  });

  it('is none where there are no choices', () => {
    for (const response of [{ data: [{ embedding: [0.1] }] }, 'x', null, []])
      expect(toOutputMessages(response)).toBeNull();
  });
});
