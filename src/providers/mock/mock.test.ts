import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Deployment } from '../../core/model.ts';
import type { Operation } from '../../core/operation.ts';
import { parseAnswer } from '../openai/parse-answer.ts';
import { OpenAiStreamMeter } from '../openai/stream-meter.ts';
import type { ModelCall } from '../provider.ts';
import { mockAnswer, mockStreamFrames } from './index.ts';

const stamp = { id: 'mock-1', createdSeconds: 1_700_000_000 };

function callOf(operation: Operation, body: Record<string, unknown>): ModelCall {
  const requested = typeof body.model === 'string' ? body.model : null;
  return { operation, text: JSON.stringify(body), body, requested, stream: body.stream === true, overrides: {} };
}

const chat = (more: Record<string, unknown> = {}) =>
  callOf('chat', {
    model: 'fake',
    messages: [{ role: 'user', content: 'eight characters are two tokens, so' }],
    ...more,
  });

const deploymentOf = (mockResponse: Deployment['mockResponse']) =>
  ({ id: 'dep-1', provider: 'openai', upstreamModel: 'gpt-4o', mockResponse }) as Deployment;

const answer = (call: ModelCall, mock: Deployment['mockResponse']) =>
  JSON.parse(mockAnswer(call, deploymentOf(mock), stamp).toString());

describe('mockAnswer', () => {
  test('is a chat completion with usage', () => {
    expect(answer(chat(), 'hello there')).toEqual({
      id: 'mock-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'fake',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'hello there', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 8, completion_tokens: 3, total_tokens: 11 },
    });
  });

  test('honours n and max_tokens', () => {
    const { choices, usage } = answer(chat({ n: 3, max_tokens: 2 }), 'hello there');
    expect(choices).toHaveLength(3);
    expect(choices[2]).toMatchObject({ index: 2, message: { content: 'hello th' }, finish_reason: 'length' });
    expect(usage).toMatchObject({ completion_tokens: 6, total_tokens: 14 });
  });

  test('is a completion for each prompt', () => {
    const { object, choices } = answer(callOf('completion', { model: 'fake', prompt: ['a', 'b'] }), 'hi');
    expect(object).toBe('text_completion');
    expect(choices).toEqual([
      { text: 'hi', index: 0, logprobs: null, finish_reason: 'stop' },
      { text: 'hi', index: 1, logprobs: null, finish_reason: 'stop' },
    ]);
  });

  test('is a unit vector for each input, the same for the same input, in either encoding', () => {
    const numbers = answer(callOf('embedding', { model: 'e', input: ['a', 'b', 'a'], dimensions: 5 }), 'x');
    expect(numbers.usage).toEqual({ prompt_tokens: 1, total_tokens: 1 });
    const [a, b, again] = numbers.data.map(({ embedding }: { embedding: number[] }) => embedding);
    expect(a).toHaveLength(5);
    expect(Math.hypot(...a)).toBeCloseTo(1, 5);
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
    const packed = answer(
      callOf('embedding', { model: 'e', input: 'a', dimensions: 5, encoding_format: 'base64' }),
      'x',
    );
    const bytes = Buffer.from(packed.data[0].embedding, 'base64');
    expect(Array.from({ length: 5 }, (_, index) => bytes.readFloatLE(index * 4))).toEqual(a);
    expect(answer(callOf('embedding', { model: 'e', input: [1, 2, 3] }), 'x').data).toHaveLength(1);
  });

  test('an object with choices is the answer, any other object is said as JSON', () => {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'given' }, finish_reason: 'stop' }];
    expect(answer(chat(), { choices, id: 'own' })).toMatchObject({ id: 'own', object: 'chat.completion', choices });
    expect(answer(chat(), { a: 1 }).choices[0].message.content).toBe('{"a":1}');
  });
});

describe('mockStreamFrames', () => {
  test.each(['chat', 'completion'] as const)(
    'a %s stream says word by word what the whole answer says',
    (operation) => {
      const call =
        operation === 'chat'
          ? chat({ stream: true, n: 2 })
          : callOf('completion', { model: 'fake', prompt: 'x', stream: true, n: 2 });
      const frames = mockStreamFrames(call, deploymentOf('  hello there,\nyou '), stamp).map((frame) =>
        frame.toString(),
      );
      expect(frames.every((frame) => /^data: [^\n]+\n\n$/.test(frame))).toBe(true);
      expect(frames.at(-1)).toBe('data: [DONE]\n\n');
      const parsed = frames.slice(0, -1).map((frame) => JSON.parse(frame.slice(6)));
      const said = parsed
        .flatMap(({ choices }) => choices)
        .filter(({ index }) => index === 1)
        .map(({ delta, text }) => delta?.content ?? text ?? '');
      expect(said.filter((word) => word !== '')).toEqual(['  hello', ' there,', '\nyou', ' ']);
      expect(parsed.at(-2).choices[0].finish_reason).toBe('stop');
    },
  );

  test('is metered like an upstream: usage is seen, and hidden from a client that did not ask', () => {
    const call = chat({ stream: true });
    const meter = new OpenAiStreamMeter({ hideUsage: true });
    const out = mockStreamFrames(call, deploymentOf('hello there'), stamp).map(
      (frame) => meter.push(frame)?.toString() ?? '',
    );
    expect(out.join('') + meter.end()).not.toContain('usage');
    const whole = parseAnswer(call, mockAnswer(call, deploymentOf('hello there'), stamp));
    expect(meter.usage()).toEqual(whole.usage);
    expect(whole.usage).toMatchObject({ promptTokens: 8, completionTokens: 3 });
    expect(meter.responseId()).toBe('mock-1');
  });
});

describe('a mock_response that stands for a failure', () => {
  test.each([
    ['litellm.RateLimitError', 429],
    ['litellm.RateLimitError: slow down', 429],
    ['litellm.ContextWindowExceededError', 400],
    ['litellm.InternalServerError', 500],
    ['litellm.Timeout', 408],
  ])('%s fails with %i', (mock, status) => {
    for (const fail of [mockAnswer, mockStreamFrames]) {
      let error: unknown;
      try {
        fail(chat(), deploymentOf(mock), stamp);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(GatewayError);
      expect(error).toMatchObject({ code: 'upstream_error', status });
    }
  });

  test.each(['litellm.NoSuchError', 'litellm.constructor', 'RateLimitError', 'about litellm.RateLimitError'])(
    '%s is said as it stands',
    (mock) => {
      expect(answer(chat(), mock).choices[0].message.content).toBe(mock);
    },
  );
});
