import { describe, expect, test } from 'vitest';
import { Exchange, type UpstreamStream } from './exchange.ts';

const OPTIONS = { deploymentId: 'dep-1', headersTimeoutMs: 0, bodyTimeoutMs: 0, maxResponseBytes: 1_000 };

/** A stream at its headers, and what undici would tell it next. */
async function begin() {
  let exchange!: Exchange;
  const opened = new Promise<unknown>((resolve, reject) => {
    exchange = new Exchange(OPTIONS, true, resolve, reject);
  });
  let aborted: unknown = null;
  exchange.onConnect((reason) => {
    aborted = reason;
    exchange.onError(reason as Error);
  });
  exchange.onHeaders(200, [], () => {});
  return { exchange, stream: (await opened) as UpstreamStream, aborted: () => aborted };
}

function read(stream: UpstreamStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.pipe({
      onData(chunk) {
        text += chunk.toString();
        return true;
      },
      onEnd: () => resolve(text),
      onError: reject,
    });
  });
}

describe('a look at the first bytes of a stream', () => {
  test.each(['before', 'after'])('that come %s it is taken; they are read all the same', async (when) => {
    const { exchange, stream } = await begin();
    if (when === 'before') exchange.onData(Buffer.from('one'));
    const seen = stream.peek(10_000);
    if (when === 'after') expect(exchange.onData(Buffer.from('one'))).toBe(false);
    expect((await seen)?.toString()).toBe('one');
    const whole = read(stream);
    exchange.onData(Buffer.from(' two'));
    exchange.onComplete();
    expect(await whole).toBe('one two');
  });

  test('is not waited for longer than was said, and the stream goes on', async () => {
    const { exchange, stream } = await begin();
    expect(await stream.peek(1)).toBeNull();
    const whole = read(stream);
    exchange.onData(Buffer.from('late'));
    exchange.onComplete();
    expect(await whole).toBe('late');
  });

  test.each(['before', 'after'])('of one that ends without any %s it is taken is its failure', async (when) => {
    const { exchange, stream } = await begin();
    if (when === 'before') exchange.onComplete();
    const seen = stream.peek(10_000);
    if (when === 'after') exchange.onComplete();
    await expect(seen).rejects.toMatchObject({ code: 'upstream_error', message: expect.stringContaining('dep-1') });
  });

  test.each(['before', 'after'])('of one that breaks %s it is taken is that failure', async (when) => {
    const { exchange, stream } = await begin();
    const broken = Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    if (when === 'before') exchange.onError(broken);
    const seen = stream.peek(10_000);
    if (when === 'after') exchange.onError(broken);
    await expect(seen).rejects.toMatchObject({ message: expect.stringMatching(/^Deployment dep-1 /) });
  });

  test('ends with the reason of whoever aborts meanwhile', async () => {
    const { stream, aborted } = await begin();
    const seen = stream.peek(10_000);
    const reason = new Error('the client has left');
    stream.abort(reason);
    await expect(seen).rejects.toBe(reason);
    expect(aborted()).toBe(reason);
  });
});
