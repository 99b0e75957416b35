import { RateLimitError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayWithUpstream, startGatewayWithUpstream } from '../support/gateway-with-upstream.ts';

const SHORT_WINDOW_SECONDS = 2;

let world: GatewayWithUpstream;
/** Where a window can be seen to pass. */
let hasty: GatewayWithUpstream;

beforeAll(async () => {
  const env = { LITELLM_RATE_LIMIT_WINDOW_SIZE: String(SHORT_WINDOW_SECONDS) };
  [world, hasty] = await Promise.all([startGatewayWithUpstream(), startGatewayWithUpstream({ env })]);
});
afterAll(() => Promise.all([world.close(), hasty.close()]));
beforeEach(() => world.upstream.reset());

const messages = [{ role: 'user' as const, content: 'x'.repeat(40) }];

/** A key with these limits, and what its calls come to: their status. */
async function keyWith(limits: Record<string, unknown>, where = world) {
  const { key, openai } = await where.newClient(limits);
  const call = async (model = 'fake/usage-10-10', more: Record<string, unknown> = {}) => {
    try {
      await openai.chat.completions.create({ model, messages, max_tokens: 10, ...more } as never);
      return 200;
    } catch (error) {
      if (error instanceof RateLimitError) return 429;
      throw error;
    }
  };
  return { key, openai, call };
}

describe('requests per window', () => {
  test('three are allowed: the fourth is refused and never reaches the upstream', async () => {
    const { call } = await keyWith({ rpm_limit: 3 });
    expect([await call(), await call(), await call(), await call()]).toEqual([200, 200, 200, 429]);
    expect(world.upstream.stats().received).toBe(3);
  });

  test('three are allowed of twenty at once', async () => {
    const { call } = await keyWith({ rpm_limit: 3 });
    const statuses = await Promise.all(Array.from({ length: 20 }, () => call()));
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  });

  test('when the window has passed the key works again, and nothing but 429 came in between', async () => {
    const { call } = await keyWith({ rpm_limit: 1 }, hasty);
    expect(await call()).toBe(200);
    expect(await call()).toBe(429);
    const seen: number[] = [];
    await expect
      .poll(
        async () => {
          seen.push(await call());
          return seen.at(-1);
        },
        { timeout: SHORT_WINDOW_SECONDS * 2_000 },
      )
      .toBe(200);
    expect(new Set(seen.slice(0, -1))).toEqual(new Set([429]));
  });

  test('a failing upstream uses them up too, an invalid model does not', async () => {
    const { call, openai } = await keyWith({ rpm_limit: 2 });
    await expect(openai.chat.completions.create({ model: 'no-such-model', messages })).rejects.toThrow();
    await expect(openai.chat.completions.create({ model: 'fake/fail-500', messages })).rejects.toThrow();
    expect([await call(), await call()]).toEqual([200, 429]);
  });

  test('none are allowed: the first call is refused', async () => {
    expect(await (await keyWith({ rpm_limit: 0 })).call()).toBe(429);
  });

  test('of one model: the others go on', async () => {
    const { call } = await keyWith({ model_rpm_limit: { dime: 1 } });
    expect([await call('dime'), await call('dime'), await call('fake/one')]).toEqual([200, 429, 200]);
  });

  test('a refusal says what was used, what is left and when to come back', async () => {
    const { key, openai, call } = await keyWith({ rpm_limit: 1 });
    await call();
    const error = await openai.chat.completions.create({ model: 'fake/one', messages }).catch((reason) => reason);
    const { body } = await world.gateway.admin(`/v2/key/info`, { keys: [key] });
    expect(error.message).toContain(`Rate limit exceeded for api_key: ${body.info[0].token}`);
    expect(error.message).toMatch(/Limit type: requests/);
    expect(error.message).toMatch(/Current limit: 1/);
    expect(error.message).toMatch(/Remaining: 0/);
    expect(error.message).toMatch(/Limit resets at: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
    expect(Number(error.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(error.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  });
});

describe('tokens per window', () => {
  // A call reserves its 40 characters as 10 tokens, and its max_tokens of 10; the upstream bills 10 and 10.
  test('a call that fits is admitted, one that does not is refused', async () => {
    const { call } = await keyWith({ tpm_limit: 45 });
    expect([await call(), await call(), await call()]).toEqual([200, 200, 429]);
  });

  test('parallel calls are reserved one by one', async () => {
    const { call } = await keyWith({ tpm_limit: 60 });
    const statuses = await Promise.all(Array.from({ length: 10 }, () => call('fake/usage-10-10+slow-200')));
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  });

  test('what was reserved and not used is free again', async () => {
    const { call } = await keyWith({ tpm_limit: 1_000 });
    expect(await call('fake/usage-10-10', { max_tokens: 900 })).toBe(200);
    expect(await call('fake/usage-10-10', { max_tokens: 900 })).toBe(200);
  });

  test('a refusal names the tokens', async () => {
    const { openai } = await keyWith({ tpm_limit: 5 });
    const error = await openai.chat.completions.create({ model: 'fake/one', messages }).catch((reason) => reason);
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error.message).toMatch(/Limit type: tokens.*Remaining: \d+/);
    expect(error.headers.get('rate_limit_type')).toBe('tokens');
  });

  test('once used up, no call is admitted until the window has passed', async () => {
    const { call } = await keyWith({ tpm_limit: 100 }, hasty);
    expect(await call('fake/usage-90-10')).toBe(200);
    expect(await call()).toBe(429);
    await expect.poll(() => call(), { timeout: SHORT_WINDOW_SECONDS * 2_000 }).toBe(200);
  });
});

describe('parallel requests', () => {
  test('none are allowed: the first call is refused', async () => {
    expect(await (await keyWith({ max_parallel_requests: 0 })).call()).toBe(429);
  });

  test('one is allowed: a second at the same time is refused, one after the other is not', async () => {
    const { call } = await keyWith({ max_parallel_requests: 1 });
    const both = await Promise.all([call('fake/slow-300'), call('fake/slow-300')]);
    expect(both.sort()).toEqual([200, 429]);
    expect([await call(), await call()]).toEqual([200, 200]);
  });

  test('a stream takes its place until it ends', async () => {
    const { call, openai } = await keyWith({ max_parallel_requests: 1 });
    const stream = await openai.chat.completions.create({
      model: 'fake/frames-20+every-50ms',
      messages,
      stream: true,
    });
    let during = 0;
    for await (const _ of stream) if (during === 0) during = await call();
    expect(during).toBe(429);
    expect(await call()).toBe(200);
  });

  test('a refused call takes nothing: not a request, not a token, not a cent', async () => {
    const { key, call } = await keyWith({ max_parallel_requests: 1, rpm_limit: 3, tpm_limit: 60, max_budget: 1 });
    const many = await Promise.all([call('fake/usage-10-10+slow-300'), ...Array.from({ length: 10 }, () => call())]);
    expect(many.filter((status) => status === 200)).toHaveLength(1);
    expect([await call(), await call(), await call()]).toEqual([200, 200, 429]);
    expect(await world.rowsOf(key)).toHaveLength(3);
  });
});
