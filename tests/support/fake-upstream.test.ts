import OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { type FakeUpstream, type FakeUpstreamOptions, spawnFakeUpstream, startFakeUpstream } from './fake-upstream.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(options: FakeUpstreamOptions = {}) {
  const upstream = await startFakeUpstream(options);
  closers.push(upstream.close);
  return { upstream, client: new OpenAI({ apiKey: 'sk-x', baseURL: upstream.apiBase, maxRetries: 0 }) };
}

const messages = [{ role: 'user' as const, content: 'hi' }];

const billOf = async (upstream: FakeUpstream, entries: number) => {
  await expect.poll(() => upstream.bill().length).toBe(entries);
  return upstream.bill();
};

describe('the fake upstream speaks to the official client', () => {
  test('whole answers, with their bill', async () => {
    const { upstream, client } = await start({ behavior: { promptTokens: 20, completionTokens: 5 } });
    const chat = await client.chat.completions.create({ model: 'm', messages, user: 'u1', n: 2 });
    expect(chat.choices).toHaveLength(2);
    expect(chat.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 10 });
    expect((await client.completions.create({ model: 'm', prompt: 'x' })).choices[0]?.text).toContain('w0');
    expect((await client.embeddings.create({ model: 'm', input: ['a', 'b'] })).data[1]?.embedding).toEqual([
      0.5, -0.5, 0.5, -0.5,
    ]);
    const bill = await billOf(upstream, 3);
    expect(bill[0]).toMatchObject({
      responseId: chat.id,
      user: 'u1',
      promptTokens: 20,
      completionTokens: 10,
      answered: true,
    });
    expect(bill.map(({ operation }) => operation)).toEqual(['chat', 'completion', 'embedding']);
    expect(upstream.requests()[0]).toMatchObject({
      path: '/v1/chat/completions',
      body: { user: 'u1' },
      headers: { authorization: 'Bearer sk-x' },
    });
  });

  test('streams, with usage only when asked', async () => {
    const { upstream, client } = await start();
    for (const asked of [true, false]) {
      const stream = await client.chat.completions.create({
        model: 'frames-6',
        messages,
        stream: true,
        ...(asked ? { stream_options: { include_usage: true } } : {}),
      });
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('w0 w1 w2 w3 w4 w5 ');
      expect(chunks.at(-1)?.usage?.completion_tokens).toBe(asked ? 7 : undefined);
    }
    expect(await billOf(upstream, 2)).toMatchObject([
      { completionTokens: 7, framesSent: 6, answered: true },
      { stream: true },
    ]);
  });

  test('tool calls, whole and streamed', async () => {
    const { client } = await start();
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: {} } }];
    const whole = await client.chat.completions.create({ model: 'tools', messages, tools });
    expect(whole.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'weather', arguments: '{"city":"Paris"}' },
    });
    const streamed = await client.chat.completions.stream({ model: 'tools', messages, tools }).finalMessage();
    expect(streamed.tool_calls?.[0]).toMatchObject({ function: { name: 'weather', arguments: '{"city":"Paris"}' } });
  });
});

describe('failures on request', () => {
  test('by model name, by queue, by setting', async () => {
    const { upstream, client } = await start();
    const ask = (model: string) => client.chat.completions.create({ model, messages });
    await expect(ask('fail-503')).rejects.toMatchObject({ status: 503, code: 'fake_503' });
    await expect(ask('fail-429')).rejects.toMatchObject({ status: 429 });
    upstream.queue('fail-500');
    await expect(ask('m')).rejects.toMatchObject({ status: 500 });
    await ask('m');
    upstream.set({ status: 401 });
    await expect(ask('m')).rejects.toMatchObject({ status: 401 });
    upstream.reset();
    await ask('m');
    expect(await billOf(upstream, 1)).toHaveLength(1);
  });

  test('a stream that drops, and one that a client leaves, bill what had left', async () => {
    const { upstream, client } = await start();
    const read = async (model: string, leaveAfter = Infinity) => {
      const stream = await client.chat.completions.create({ model, messages, stream: true });
      let chunks = 0;
      for await (const _ of stream) if (++chunks >= leaveAfter) break;
      return chunks;
    };
    await expect(read('drop-after-2+usage-10-8')).rejects.toThrow();
    expect(await billOf(upstream, 1)).toMatchObject([{ framesSent: 2, completionTokens: 4, answered: false }]);
    expect(await read('frames-1000+every-5ms', 3)).toBe(3);
    const [, left] = await billOf(upstream, 2);
    expect(left).toMatchObject({ answered: false });
    expect(left?.framesSent).toBeLessThan(1_000);
    await expect(read('error-after-1')).rejects.toThrow('The fake upstream broke');
  });

  test('silence', async () => {
    const { upstream } = await start();
    for (const model of ['hang', 'hang-mid']) {
      const asking = fetch(`${upstream.apiBase}/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model }),
        signal: AbortSignal.timeout(100),
      });
      await expect(asking.then((response) => response.text())).rejects.toThrow();
    }
    await expect.poll(() => upstream.stats()).toMatchObject({ received: 2, clientGone: 2, inFlight: 0 });
  });
});

test('a process of its own is steered and read from outside', async () => {
  const upstream = await spawnFakeUpstream();
  closers.push(upstream.close);
  await upstream.set({ promptTokens: 3 });
  await upstream.queue('fail-500');
  const client = new OpenAI({ apiKey: 'sk-x', baseURL: upstream.apiBase, maxRetries: 1 });
  expect((await client.chat.completions.create({ model: 'm', messages })).usage?.prompt_tokens).toBe(3);
  await expect.poll(async () => (await upstream.bill()).length).toBe(1);
  expect(await upstream.stats()).toMatchObject({ received: 2, failed: 1, maxInFlight: 1 });
  expect(await upstream.requests()).toHaveLength(2);
});
