import { request } from 'node:http';
import type OpenAI from 'openai';
import { AuthenticationError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayWithUpstream, startGatewayWithUpstream } from '../support/gateway-with-upstream.ts';

let world: GatewayWithUpstream;

beforeAll(async () => {
  world = await startGatewayWithUpstream();
});
afterAll(() => world.close());
beforeEach(() => world.upstream.reset());

const messages = [{ role: 'user' as const, content: 'How is the weather?' }];

interface OpenStream {
  isOpen(): boolean;
  /** How it ended (no error: as it should), and when. */
  ended: Promise<{ error?: Error; atMs: number }>;
}

/** Starts a stream that would go on for a minute, and resolves when its first frames have come. */
async function openLongStream(openai: OpenAI): Promise<OpenStream> {
  let frames = 0;
  let open = true;
  const read = async () => {
    const model = 'fake/frames-600+every-100ms';
    for await (const _ of await openai.chat.completions.create({ model, messages, stream: true })) frames += 1;
  };
  const ended = read()
    .then(
      () => ({ atMs: Date.now() }),
      (error: unknown) => ({ error: error as Error, atMs: Date.now() }),
    )
    .finally(() => {
      open = false;
    });
  await expect.poll(() => frames, { timeout: 5_000 }).toBeGreaterThanOrEqual(2);
  return { isOpen: () => open, ended };
}

const rawStream = (key: string) =>
  fetch(`${world.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake/frames-600+every-100ms', messages, stream: true }),
  });

describe('when a key ends, its open streams end within a second', () => {
  test.each<[string, (key: string) => ReturnType<GatewayWithUpstream['gateway']['admin']>]>([
    ['block', (key) => world.gateway.admin('/key/block', { key })],
    ['delete', (key) => world.gateway.admin('/key/delete', { keys: [key] })],
    ['regenerate', (key) => world.gateway.admin('/key/regenerate', { key })],
    ['regenerate by path', (key) => world.gateway.admin(`/key/${key}/regenerate`, {})],
  ])('%s: only that key, and the very next call is refused', async (_, end) => {
    const { key, openai } = await world.newClient();
    const other = await world.newClient();
    const [stream, otherStream] = await Promise.all([openLongStream(openai), openLongStream(other.openai)]);
    const askedAtMs = Date.now();
    expect((await end(key)).status).toBe(200);
    await expect(openai.chat.completions.create({ model: 'fake/one', messages })).rejects.toThrow(AuthenticationError);
    const { error, atMs } = await stream.ended;
    expect(atMs - askedAtMs).toBeLessThan(1_000);
    expect(error?.message).toMatch(/revoked|expired/);
    expect(otherStream.isOpen()).toBe(true);
    await expect.poll(() => world.upstream.stats().inFlight, { timeout: 2_000 }).toBe(1);
    await world.gateway.admin('/key/block', { key: other.key });
    await otherStream.ended;
  });

  test('expiry: the clock alone ends it', async () => {
    const { openai } = await world.newClient({ duration: '3s' });
    const madeAtMs = Date.now();
    const stream = await openLongStream(openai);
    const { error, atMs } = await stream.ended;
    expect(atMs - madeAtMs).toBeLessThan(4_000);
    expect(error?.message).toMatch(/revoked|expired/);
    await expect.poll(() => world.upstream.stats().inFlight, { timeout: 2_000 }).toBe(0);
    await expect(openai.chat.completions.create({ model: 'fake/one', messages })).rejects.toThrow(AuthenticationError);
  });

  test('expiry can be brought forward while the stream runs', async () => {
    const { key, openai } = await world.newClient({ duration: '1h' });
    const stream = await openLongStream(openai);
    await world.gateway.admin('/key/update', { key, duration: '1s' });
    const { error } = await stream.ended;
    expect(error?.message).toMatch(/revoked|expired/);
  });

  test('the last event is an error in the usual envelope, and what was delivered is billed', async () => {
    const key = await world.gateway.newKey();
    const answer = await rawStream(key);
    const text = answer.text();
    await expect.poll(() => world.upstream.stats().inFlight).toBe(1);
    await world.gateway.admin('/key/block', { key });
    const events = (await text).trimEnd().split('\n\n');
    const last = JSON.parse((events.at(-1) ?? '').replace(/^data: /, ''));
    expect(last).toMatchObject({ error: { type: 'auth_error', code: '401' } });
    const [row] = await world.rowsOf(key);
    expect(row?.metadata.usage_estimated).toBe(true);
    expect(row?.spend).toBeGreaterThan(0);
    expect(await world.spendOf(key)).toBe(row?.spend);
  });

  test('a change that does not end the key leaves its streams alone', async () => {
    const { key, openai } = await world.newClient();
    const stream = await openLongStream(openai);
    await world.gateway.admin('/key/update', { key, rpm_limit: 1_000, metadata: { changed: true } });
    await expect(openai.chat.completions.create({ model: 'fake/one', messages })).resolves.toBeTruthy();
    expect(stream.isOpen()).toBe(true);
    await world.gateway.admin('/key/block', { key });
    await stream.ended;
  });

  test('a regenerated key with a grace period goes on with its old secret until that is over', async () => {
    const { key, openai } = await world.newClient();
    const stream = await openLongStream(openai);
    await world.gateway.admin('/key/regenerate', { key, grace_period: '2s' });
    await expect(openai.chat.completions.create({ model: 'fake/one', messages })).resolves.toBeTruthy();
    expect(stream.isOpen()).toBe(true);
    const { error } = await stream.ended;
    expect(error?.message).toMatch(/revoked|expired/);
    await expect(openai.chat.completions.create({ model: 'fake/one', messages })).rejects.toThrow(AuthenticationError);
  });
});

describe('when an end user is blocked', () => {
  test('its streams end at once, those of others go on, and the next call for it is refused', async () => {
    const { key } = await world.newClient();
    const as = (user: string) => world.client(key, { defaultHeaders: { 'x-litellm-end-user-id': user } });
    const [stream, otherStream] = await Promise.all([openLongStream(as('bad')), openLongStream(as('good'))]);
    const askedAtMs = Date.now();
    expect((await world.gateway.admin('/customer/block', { user_ids: ['bad'] })).status).toBe(200);
    await expect(as('bad').chat.completions.create({ model: 'fake/one', messages })).rejects.toThrow('User=bad');
    const { error, atMs } = await stream.ended;
    expect(atMs - askedAtMs).toBeLessThan(1_000);
    expect(error?.message).toContain('end user bad was blocked');
    expect(otherStream.isOpen()).toBe(true);
    await world.gateway.admin('/customer/block', { user_ids: ['good'] });
    await otherStream.ended;
  });
});

test.each(['content-length', 'transfer-encoding'])(
  'a call that was let in, and whose body (by %s) comes after its key has ended, goes nowhere',
  async (framing) => {
    const key = await world.gateway.newKey();
    const body = JSON.stringify({ model: 'fake/one', messages });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const length = framing === 'content-length' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const sending = request(`${world.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...headers, ...length },
    });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      sending.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject);
    });
    sending.write(body.slice(0, 10));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await world.gateway.admin('/key/delete', { keys: [key] });
    sending.end(body.slice(10));
    expect(await answered).toBe(401);
    expect(world.upstream.stats().received).toBe(0);
  },
);
