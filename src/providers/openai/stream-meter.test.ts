import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MeterOptions, OpenAiStreamMeter } from './stream-meter.ts';

const delta = (content: string, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'gpt-4o', choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more })}`;
const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const usageOnly = `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [], usage })}`;
const done = 'data: [DONE]';
const counts = { promptTokens: 9, completionTokens: 3, totalTokens: 12 };

/** Feeds the chunks and returns what the client got. */
function run(chunks: readonly (string | Buffer)[], hideUsage: boolean, deployment?: MeterOptions['deployment']) {
  const meter = new OpenAiStreamMeter({ hideUsage, deployment });
  const out: Buffer[] = [];
  for (const chunk of chunks) {
    const bytes = meter.push(Buffer.from(chunk));
    if (bytes !== null) out.push(bytes);
  }
  const last = meter.end();
  if (last !== null) out.push(last);
  return { meter, out: Buffer.concat(out).toString() };
}

const stream = (frames: readonly string[], gap = '\n\n') => frames.map((frame) => frame + gap).join('');

describe('what the client gets', () => {
  test('whole frames leave at once and uncopied, the rest when it is whole', () => {
    for (const hideUsage of [true, false]) {
      const meter = new OpenAiStreamMeter({ hideUsage });
      const chunk = Buffer.from(stream([delta('a'), delta('b')]));
      expect(meter.push(chunk)).toBe(chunk);
      const split = Buffer.from(`${delta('c')}\n\n${delta('d')}\n`);
      const first = meter.push(split);
      expect(first?.toString()).toBe(`${delta('c')}\n\n`);
      expect(first?.buffer).toBe(split.buffer);
      expect(meter.push(Buffer.from('\n'))?.toString()).toBe(`${delta('d')}\n\n`);
    }
  });

  test.each([
    [[stream([delta('a'), done])]],
    [[stream([delta('a')]), stream([done])]],
    [[`${stream([delta('a')])}da`, 'ta: [DO', 'NE]\n\n']],
  ])('the end of the stream is what end() returns: %j', (chunks) => {
    const meter = new OpenAiStreamMeter({ hideUsage: false });
    const before = chunks.map((chunk) => meter.push(Buffer.from(chunk))?.toString() ?? '').join('');
    expect(before).toBe(stream([delta('a')]));
    expect(meter.end()?.toString()).toBe(stream([done]));
    expect(meter.end()).toBeNull();
  });

  test.each([
    ['LF', '\n\n'],
    ['CRLF', '\r\n\r\n'],
  ])('the usage frame is hidden, nothing else (%s)', (_, gap) => {
    const { out, meter } = run([stream([delta('a'), delta('b', { usage: null }), usageOnly, done], gap)], true);
    expect(out).toBe(stream([delta('a'), delta('b', { usage: null }), done], gap));
    expect(meter.usage()).toMatchObject(counts);
  });

  const shown: [name: string, frames: string[]][] = [
    ['usage in the last content frame', [delta('a'), delta('', { usage }), done]],
    [
      'cumulative usage in every frame',
      [delta('a', { usage: { ...usage, completion_tokens: 1 } }), delta('b', { usage }), done],
    ],
    ['no usage at all', [': OPENROUTER PROCESSING', delta('a'), done]],
    [
      'an empty list of choices without usage',
      ['data: {"choices":[],"prompt_filter_results":[],"usage":null}', delta('a'), done],
    ],
    ['data without a space after the colon', [delta('a').replace('data: ', 'data:'), 'data:[DONE]']],
    ['events with names and ids', [`event: message\nid: 7\n${delta('a')}`, done]],
    ['text that talks about usage', [delta('"usage":{"prompt_tokens":1},"choices":[]'), delta('usage'), done]],
    ['something that is not a stream', ['{"id":"x","usage":{"prompt_tokens":1}}']],
  ];
  test.each(shown)('nothing is hidden of %s', (_, frames) => {
    expect(run([stream(frames)], true).out).toBe(stream(frames));
    // Without the last blank line, as some upstreams end.
    const cut = stream(frames).trimEnd();
    expect(run([cut], true).out).toBe(cut);
  });

  test('a usage frame without a blank line at the end of the stream is hidden too', () => {
    const { out, meter } = run([`${stream([delta('a')])}${usageOnly}`], true);
    expect(out).toBe(stream([delta('a')]));
    expect(meter.usage()).toMatchObject(counts);
  });

  test('usage frames without choices, or with white space, are hidden', () => {
    const bare = `data: ${JSON.stringify({ id: 'x', usage })}`;
    const wide = `data: { "id": "x", "choices": [ ], "usage": ${JSON.stringify(usage)} }`;
    for (const frame of [bare, wide, `event: message\n${usageOnly}`]) {
      expect(run([stream([delta('a'), frame, done])], true).out).toBe(stream([delta('a'), done]));
    }
  });

  test('a frame without end is not held for ever', () => {
    const meter = new OpenAiStreamMeter({ hideUsage: true });
    const block = Buffer.alloc(300_000, 'x');
    let passed = 0;
    for (let index = 0; index < 20; index++) passed += meter.push(block)?.length ?? 0;
    expect(passed).toBeGreaterThan(20 * 300_000 - 1_400_000);
    expect(passed + (meter.end()?.length ?? 0)).toBe(20 * 300_000);
    const after = run([Buffer.alloc(3_000_000, 'x'), stream(['', delta('a'), usageOnly])], true);
    expect(after.out.endsWith(stream(['', delta('a')]))).toBe(true);
    expect(after.meter.usage()).toMatchObject(counts);
  });

  test('however the bytes are cut, the client gets the same and the counts are the same', () => {
    const frames = [
      ': hello',
      delta('naïve 😀 "quoted" \\ {'),
      delta('x', { usage: null }),
      delta('', { usage: { ...usage, total_tokens: 1 } }),
      usageOnly,
    ];
    const pieces = fc.record({
      gap: fc.constantFrom('\n\n', '\r\n\r\n'),
      cuts: fc.array(fc.nat(1_000), { maxLength: 40 }),
      order: fc.shuffledSubarray(frames, { minLength: 1 }),
      ending: fc.constantFrom([], [done]),
      hideUsage: fc.boolean(),
      closed: fc.boolean(),
    });
    fc.assert(
      fc.property(pieces, ({ gap, cuts, order, ending, hideUsage, closed }) => {
        const text = stream([...order, ...ending], gap);
        const whole = Buffer.from(closed ? text : text.slice(0, -gap.length));
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        const cut = run(chunks, hideUsage);
        const uncut = run([whole], hideUsage);
        expect(cut.out).toBe(uncut.out);
        expect(cut.meter.delivered()).toEqual(uncut.meter.delivered());
        expect(cut.meter.usage()).toEqual(uncut.meter.usage());
        expect(cut.meter.responseId()).toBe(uncut.meter.responseId());
        if (hideUsage) expect(cut.out).not.toContain(usageOnly);
        else expect(cut.out).toBe(whole.toString());
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is observed', () => {
  test('usage is the last one reported', () => {
    const { meter } = run(
      [stream([delta('a', { usage: { prompt_tokens: 9, completion_tokens: 1 } }), delta('b', { usage })])],
      true,
    );
    expect(meter.usage()).toMatchObject(counts);
  });

  test('an upstream that ignored that a stream was asked for', () => {
    const body = JSON.stringify({ id: 'x', choices: [{ message: { content: 'abc' } }], usage });
    const { meter, out } = run([body.slice(0, 30), body.slice(30)], true);
    expect(out).toBe(body);
    expect(meter.usage()).toMatchObject(counts);
    expect(meter.responseId()).toBe('x');
  });

  test("Groq's usage", () => {
    const { meter } = run([stream([delta('', { x_groq: { id: 'req', usage } })])], true);
    expect(meter.usage()).toMatchObject(counts);
  });

  test('no usage, or garbage for usage, is none', () => {
    expect(run([stream([delta('a', { usage: null }), done])], true).meter.usage()).toBeNull();
    expect(run([stream([delta('a', { usage: 'x' })])], true).meter.usage()).toBeNull();
    expect(run(['data: {"usage": {"prompt_tokens": 1\n\n'], true).meter.usage()).toBeNull();
  });

  const contents: [name: string, frame: string, bytes: number][] = [
    ['content', delta('hello'), 5],
    ['content in UTF-8', delta('é😀'), 6],
    ['content with quotes and backslashes, as written', delta('a"\\'), 5],
    ['white space in the JSON', 'data: {"choices": [{"delta": {"content": "abc"}}]}', 3],
    ['several choices', 'data: {"choices":[{"delta":{"content":"abc"}},{"delta":{"content":"de"}}]}', 5],
    [
      'arguments of a tool',
      'data: {"choices":[{"delta":{"content":null,"tool_calls":[{"function":{"arguments":"{\\"a\\""}}]}}]}',
      6,
    ],
    ['reasoning', 'data: {"choices":[{"delta":{"content":"","reasoning_content":"why"}}]}', 3],
    ['a legacy completion', 'data: {"choices":[{"text":" foo","index":0}]}', 4],
    ['nothing', 'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}', 0],
    ['a comment', ': "content":"abc', 0],
  ];
  test.each(contents)('delivered bytes of %s', (_, frame, bytes) => {
    const { meter } = run([stream([frame])], true);
    expect(meter.delivered()).toEqual({ frames: bytes > 0 ? 1 : 0, contentBytes: bytes });
  });

  test('the id of the answer, from the first frame that has one', () => {
    expect(run([stream([': ping', 'data: {"id":"","choices":[]}', delta('a')])], false).meter.responseId()).toBe(
      'chatcmpl-1',
    );
    expect(run([stream([done])], false).meter.responseId()).toBeNull();
  });

  test.each([
    ['LF', '\n\n', 'sk-of-the-operator-1234'],
    ['CRLF', '\r\n\r\n', 'sk-of-the-operator-1234'],
    ['by its looks', '\n\n', 'gsk_somebody_elses_credential'],
  ])('no credential of an error reaches the client (%s)', (_, gap, secret) => {
    const deployment = { apiKey: 'sk-of-the-operator-1234', extraHeaders: { 'x-tenant': 'tenant-secret' } };
    const error = { message: `Key ${secret} of tenant-secret: "no"`, type: 'auth', param: null, code: 401 };
    const text = stream(
      [delta('a'), `event: error${gap.slice(gap.length / 2)}data: ${JSON.stringify({ error })}`, done],
      gap,
    );
    const { out, meter } = run([text], true, deployment);
    expect(out).not.toMatch(/operator-1234|somebody|tenant-secret/);
    expect(out.startsWith(delta('a') + gap)).toBe(true);
    expect(JSON.parse(/^data: (.*error.*)$/m.exec(out)?.[1] ?? '')).toEqual({
      error: { message: 'Key [redacted] of [redacted]: "no"', type: 'auth', param: null, code: '401' },
    });
    expect(out.endsWith(done + gap)).toBe(true);
    expect(meter.streamError()).not.toContain('operator');
  });

  test('an error without a credential stays as it came, and so does a whole answer that is an error', () => {
    const plain = 'event: error\ndata: {"error": {"message": "stop",  "code": 12345678901234567890}}\n\n';
    expect(run([plain], true).out).toBe(plain);
    const whole = '{"error":{"message":"Key sk-of-the-operator-1234"}}';
    expect(JSON.parse(run([whole], true).out).error.message).toBe('Key [redacted]');
  });

  const errors: [frame: string, message: string | null][] = [
    ['data: {"error":{"message":"Über capacity","type":"server_error","code":null}}', 'Über capacity'],
    ['event: error\ndata: {"error": {"message": "stop"}}', 'stop'],
    ['data: {"object":"error","message":"too long","type":"BadRequestError","code":400}', 'too long'],
    ['data: {"error":{}}', 'The upstream reported an error without a message'],
    [delta('an "error": {"message":"no"}'), null],
    [delta('error'), null],
    [delta('a', { error: null }), null],
  ];
  test.each(errors)('errors inside the stream: %s', (frame, message) => {
    const { meter, out } = run([stream([delta('a'), frame])], true);
    expect(meter.streamError()).toBe(message);
    expect(out).toBe(stream([delta('a'), frame]));
  });
});
