import type OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { costOf, type GatewayWithUpstream, startGatewayWithUpstream } from '../support/gateway-with-upstream.ts';

let world: GatewayWithUpstream;

beforeAll(async () => {
  world = await startGatewayWithUpstream();
});
afterAll(() => world.close());
beforeEach(() => world.upstream.reset());

const messages = [{ role: 'user' as const, content: 'How is the weather?' }];
type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk;

async function collect(stream: AsyncIterable<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

describe('a stream passes as the upstream sends it', () => {
  test('usage is asked of the upstream, and kept from a client that did not ask', async () => {
    const { key, openai } = await world.newClient();
    const chunks = await collect(
      await openai.chat.completions.create({ model: 'fake/frames-6+usage-30-6', messages, stream: true }),
    );
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('w0 w1 w2 w3 w4 w5 ');
    for (const chunk of chunks) {
      expect(chunk.usage ?? null).toBeNull();
      expect(chunk.choices.length).toBeGreaterThan(0);
    }
    expect(world.upstream.requests()[0]?.body.stream_options).toEqual({ include_usage: true });
    expect(await world.spendOf(key)).toBeCloseTo(costOf(30, 6), 12);
  });

  test('a client that asks for usage gets it, once', async () => {
    const { key, openai } = await world.newClient();
    const chunks = await collect(
      await openai.chat.completions.create({
        model: 'fake/frames-6+usage-30-6',
        messages,
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    const usages = chunks.flatMap(({ usage }) => (usage ? [usage] : []));
    expect(usages).toMatchObject([{ prompt_tokens: 30, completion_tokens: 6 }]);
    expect(await world.spendOf(key)).toBeCloseTo(costOf(30, 6), 12);
  });

  test.each(['usage-in-content', 'usage-cumulative'])('%s: billed once, by the last word on it', async (rule) => {
    const { key, openai } = await world.newClient();
    const model = `fake/${rule}+frames-5+usage-30-10`;
    await collect(await openai.chat.completions.create({ model, messages, stream: true }));
    expect(await world.spendOf(key)).toBeCloseTo(costOf(30, 10), 12);
  });

  test('frames arrive when they are sent and not at the end', async () => {
    const { openai } = await world.newClient();
    const stream = await openai.chat.completions.create({
      model: 'fake/frames-5+every-150ms',
      messages,
      stream: true,
    });
    let inFlightAtFirst = -1;
    for await (const _ of stream) if (inFlightAtFirst < 0) inFlightAtFirst = world.upstream.stats().inFlight;
    expect(inFlightAtFirst).toBe(1);
  });

  test('the bytes are the upstream’s, with the mark of the end', async () => {
    const key = await world.gateway.newKey();
    const answer = await fetch(`${world.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'fake/frames-3', messages, stream: true }),
    });
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const text = await answer.text();
    const events = text.split('\n\n');
    expect(events.pop()).toBe('');
    expect(events.pop()).toBe('data: [DONE]');
    expect(events).toHaveLength(3);
    for (const event of events) expect(event).toMatch(/^data: \{"id":"chatcmpl-fake-/);
  });

  test('without usage from the upstream the call is billed by what was delivered, and marked as estimated', async () => {
    const { key, openai } = await world.newClient();
    await collect(await openai.chat.completions.create({ model: 'fake/no-usage+frames-20', messages, stream: true }));
    const [row] = await world.rowsOf(key);
    expect(row).toMatchObject({ status: 'success', metadata: { usage_estimated: true } });
    expect(row?.completion_tokens).toBeGreaterThanOrEqual(20);
    expect(row?.spend).toBeGreaterThan(0);
  });
});

describe('a stream that does not end well', () => {
  test('a client that leaves: the upstream call ends, and what was delivered is billed', async () => {
    const { key, openai } = await world.newClient();
    const stream = await openai.chat.completions.create({
      model: 'fake/frames-500+every-20ms',
      messages,
      stream: true,
    });
    let seen = 0;
    for await (const _ of stream) {
      seen += 1;
      if (seen === 5) break;
    }
    stream.controller.abort();
    await expect.poll(() => world.upstream.stats(), { timeout: 5_000 }).toMatchObject({ clientGone: 1, inFlight: 0 });
    await expect.poll(() => world.rowsOf(key), { timeout: 5_000 }).toHaveLength(1);
    const [row] = await world.rowsOf(key);
    expect(row).toMatchObject({ status: 'aborted', metadata: { usage_estimated: true } });
    expect(row?.completion_tokens).toBeGreaterThanOrEqual(5);
    expect(row?.completion_tokens).toBeLessThan(400);
    expect(await world.spendOf(key)).toBeCloseTo(row?.spend ?? Number.NaN, 12);
  });

  test('a client that leaves before the answer has begun', async () => {
    const { key, openai } = await world.newClient();
    const leaving = new AbortController();
    const call = openai.chat.completions.create({ model: 'fake/slow-5000', messages }, { signal: leaving.signal });
    const refused = expect(call).rejects.toThrow();
    await expect.poll(() => world.upstream.stats().inFlight).toBe(1);
    leaving.abort();
    await refused;
    await expect.poll(() => world.upstream.stats().inFlight, { timeout: 5_000 }).toBe(0);
    await expect.poll(() => world.rowsOf(key), { timeout: 5_000 }).toMatchObject([{ status: 'aborted' }]);
  });

  test('an upstream that breaks off: an error is the last event, and what was delivered is billed', async () => {
    const { key, openai } = await world.newClient();
    const stream = await openai.chat.completions.create({
      model: 'fake/drop-after-4+every-20ms',
      messages,
      stream: true,
    });
    const seen: Chunk[] = [];
    await expect(
      (async () => {
        for await (const chunk of stream) seen.push(chunk);
      })(),
    ).rejects.toThrow();
    expect(seen.length).toBeGreaterThanOrEqual(3);
    const [row] = await world.rowsOf(key);
    expect(row).toMatchObject({ status: 'failure' });
    expect(row?.completion_tokens).toBeGreaterThanOrEqual(3);
  });

  test('an error that the upstream sends in the stream reaches the client', async () => {
    const { openai } = await world.newClient();
    const stream = await openai.chat.completions.create({ model: 'fake/error-after-2', messages, stream: true });
    await expect(collect(stream)).rejects.toThrow(/fake upstream broke/);
  });

  test('an error before the first byte is an ordinary error answer', async () => {
    const { openai } = await world.newClient();
    await expect(
      openai.chat.completions.create({ model: 'fake/fail-503', messages, stream: true }),
    ).rejects.toMatchObject({ status: 503 });
  });

  test('clients that leave in the middle, one after the other, leave nothing open and nothing held', async () => {
    const { key, openai } = await world.newClient({ max_parallel_requests: 20, max_budget: 100 });
    for (let round = 0; round < 10; round += 1) {
      const leaving = new AbortController();
      const calls = Array.from({ length: 20 }, async () => {
        const stream = await openai.chat.completions.create(
          { model: 'fake/frames-1000+every-10ms', messages, stream: true },
          { signal: leaving.signal },
        );
        for await (const _ of stream) if (leaving.signal.aborted) break;
      });
      const left = Promise.allSettled(calls);
      await expect.poll(() => world.upstream.stats().inFlight, { timeout: 5_000 }).toBe(20);
      leaving.abort();
      await left;
      await expect.poll(() => world.upstream.stats().inFlight, { timeout: 5_000 }).toBe(0);
    }
    await expect.poll(() => world.rowsOf(key), { timeout: 5_000 }).toHaveLength(200);
    const whole = await Promise.all(
      Array.from({ length: 20 }, async () =>
        collect(await openai.chat.completions.create({ model: 'fake/frames-4', messages, stream: true })),
      ),
    );
    for (const chunks of whole) expect(chunks).toHaveLength(4);
  });
});

test('a slow reader is waited for: the upstream is not read ahead of it without end', async () => {
  const key = await world.gateway.newKey();
  const answer = await fetch(`${world.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake/frames-400000', messages, stream: true }),
  });
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  // Some 60 MB are to come. While nobody reads, the upstream cannot get rid of them: the call stays open.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(world.upstream.stats().inFlight).toBe(1);
  await reader.cancel();
  await expect.poll(() => world.upstream.stats().inFlight, { timeout: 5_000 }).toBe(0);
});
