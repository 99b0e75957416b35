import { APIError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { costOf, type GatewayWithUpstream, PRICE, startGatewayWithUpstream } from '../support/gateway-with-upstream.ts';

let world: GatewayWithUpstream;

beforeAll(async () => {
  world = await startGatewayWithUpstream();
});
afterAll(() => world.close());
beforeEach(() => world.upstream.reset());

const messages = [{ role: 'user' as const, content: 'How is the weather?' }];
const DIME = { messages, max_tokens: 10 };

/** Runs a call to its end; the refusal as a value. */
async function outcomeOf(call: () => Promise<unknown>): Promise<'answered' | APIError> {
  try {
    await call();
    return 'answered';
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
}

describe.each(['standard', 'hard'])('a budget in %s mode', (budget_mode) => {
  test('of a dollar, two hundred calls of ten cents at once, half of them streams: ten are answered', async () => {
    const { key, openai } = await world.newClient({ max_budget: 1, budget_mode });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        outcomeOf(async () => {
          const body = { model: 'slow-dime', ...DIME };
          if (index % 2 === 0) return openai.chat.completions.create(body);
          const stream = await openai.chat.completions.create({ ...body, stream: true });
          for await (const _chunk of stream);
        }),
      ),
    );
    const refusals = outcomes.filter((outcome): outcome is APIError => outcome !== 'answered');
    expect(refusals).toHaveLength(190);
    for (const refusal of refusals) expect(refusal).toMatchObject({ status: 400, type: 'budget_exceeded' });
    expect(world.upstream.stats().received).toBe(10);
    expect(await world.spendOf(key)).toBe(1);
    expect(await outcomeOf(() => openai.chat.completions.create({ model: 'dime', ...DIME }))).toBeInstanceOf(APIError);

    await world.gateway.admin('/key/update', { key, max_budget: 1.1 });
    expect(await outcomeOf(() => openai.chat.completions.create({ model: 'dime', ...DIME }))).toBe('answered');
    expect(await outcomeOf(() => openai.chat.completions.create({ model: 'dime', ...DIME }))).toBeInstanceOf(APIError);
    expect(await world.spendOf(key)).toBeCloseTo(1.1, 10);
  });

  test('calls that fail at the upstream, or whose client leaves, hold nothing afterwards', async () => {
    const { key, openai } = await world.newClient({ max_budget: 0.1, budget_mode });
    for (const rule of ['fail-500', 'fail-429', 'malformed']) {
      world.upstream.queue(rule);
      expect(await outcomeOf(() => openai.chat.completions.create({ model: 'dime', ...DIME }))).toBeInstanceOf(
        APIError,
      );
    }
    const leaving = new AbortController();
    world.upstream.queue('slow-10000');
    const left = openai.chat.completions.create({ model: 'dime', ...DIME }, { signal: leaving.signal });
    const gone = expect(left).rejects.toThrow();
    await expect.poll(() => world.upstream.stats().inFlight).toBe(1);
    leaving.abort();
    await gone;
    await expect.poll(() => world.upstream.stats().inFlight).toBe(0);
    const spent = await world.spendOf(key);
    expect(spent).toBe(0);
    await expect
      .poll(() => outcomeOf(() => openai.chat.completions.create({ model: 'dime', ...DIME })))
      .toBe('answered');
    expect(await world.spendOf(key)).toBe(0.1);
  });
});

test('a hard budget cuts an answer that would be longer than it pays for', async () => {
  const { key, openai } = await world.newClient({ max_budget: 0.01, budget_mode: 'hard' });
  const body = { model: 'fake/usage-8-100000', messages, max_tokens: 100_000 };
  const { response, data } = await openai.chat.completions.create(body).withResponse();
  const cut = Number(response.headers.get('x-latchkey-max-tokens-lowered-to'));
  expect(cut).toBeGreaterThan(4_000);
  expect(world.upstream.requests()[0]?.body.max_tokens).toBe(cut);
  // The upstream says as much as it may.
  expect(data.usage?.completion_tokens).toBe(cut);
  expect(await world.spendOf(key)).toBeGreaterThan(0.009);
  expect(await world.spendOf(key)).toBeLessThanOrEqual(0.01);
});

test('an unknown price: billed at nothing in standard mode, refused in hard mode', async () => {
  const standard = await world.newClient({ max_budget: 1 });
  expect(await outcomeOf(() => standard.openai.chat.completions.create({ model: 'unpriced', messages }))).toBe(
    'answered',
  );
  expect(await world.spendOf(standard.key)).toBe(0);
  const hard = await world.newClient({ max_budget: 1, budget_mode: 'hard' });
  expect(await outcomeOf(() => hard.openai.chat.completions.create({ model: 'unpriced', messages }))).toMatchObject({
    status: 400,
    type: 'budget_exceeded',
  });
});

test('a price of 0 is free, also for a key whose budget is spent', async () => {
  const { key, openai } = await world.newClient({ max_budget: 0 });
  expect(await outcomeOf(() => openai.chat.completions.create({ model: 'free', messages }))).toBe('answered');
  expect(await world.spendOf(key)).toBe(0);
});

test("a budget of one model ends that model's calls and no other's", async () => {
  const { openai } = await world.newClient({ model_max_budget: { dime: { budget_limit: 0.2, time_period: '1d' } } });
  const call = () => outcomeOf(() => openai.chat.completions.create({ model: 'dime', ...DIME }));
  expect([await call(), await call()]).toEqual(['answered', 'answered']);
  expect(await call()).toMatchObject({ status: 400, type: 'budget_exceeded' });
  expect(await outcomeOf(() => openai.chat.completions.create({ model: 'fake/one', messages }))).toBe('answered');
});

describe('what is billed', () => {
  test('is exact to a tenth of a nano-dollar over 54 calls, and the same in the key, its rows and the upstream', async () => {
    const { key, openai } = await world.newClient();
    for (let index = 0; index < 54; index += 1) {
      const model = `fake/usage-${index * 7 + 1}-${index * 3 + 1}`;
      if (index % 3 === 0) {
        for await (const _ of await openai.chat.completions.create({ model, messages, stream: true }));
      } else if (index % 3 === 1) {
        await openai.chat.completions.create({ model, messages });
      } else {
        await openai.embeddings.create({ model, input: 'x' });
      }
    }
    const bill = world.upstream.bill();
    expect(bill).toHaveLength(54);
    const expected = bill.reduce((sum, entry) => sum + costOf(entry.promptTokens, entry.completionTokens), 0);
    const rows = await world.rowsOf(key);
    expect(rows).toHaveLength(54);
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(54);
    const ofRows = rows.reduce((sum, { spend }) => sum + spend, 0);
    expect(Math.abs(ofRows - expected)).toBeLessThan(1e-10);
    expect(Math.abs((await world.spendOf(key)) - expected)).toBeLessThan(1e-10);
    expect(rows.filter(({ response_id }) => response_id?.startsWith('chatcmpl-fake-')).length).toBeGreaterThanOrEqual(
      36,
    );
  });

  test('counts cached tokens at their own price', async () => {
    const { key, openai } = await world.newClient();
    world.upstream.set({ promptTokens: 10, completionTokens: 5 });
    await openai.chat.completions.create({ model: 'cached', messages });
    const expected = 2 * PRICE.input + 8 * 0.000_000_1 + 5 * PRICE.output;
    expect(Math.abs((await world.spendOf(key)) - expected)).toBeLessThan(1e-12);
  });

  test('includes mocked answers', async () => {
    const { key, openai } = await world.newClient();
    const { usage } = await openai.chat.completions.create({ model: 'mocked', messages });
    const expected = costOf(usage?.prompt_tokens ?? 0, usage?.completion_tokens ?? 0);
    expect(expected).toBeGreaterThan(0);
    expect(Math.abs((await world.spendOf(key)) - expected)).toBeLessThan(1e-12);
  });

  test('is there as soon as the answer is: nobody has to wait for the ledger', async () => {
    const { key, openai } = await world.newClient();
    for (let calls = 1; calls <= 5; calls += 1) {
      await openai.chat.completions.create({ model: 'dime', ...DIME });
      expect(await world.spendOf(key)).toBeCloseTo(calls / 10, 10);
      expect(await world.rowsOf(key)).toHaveLength(calls);
    }
  });
});
