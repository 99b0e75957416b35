import {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type GatewayWithUpstream,
  startGatewayWithUpstream,
  UPSTREAM_SECRET,
} from '../support/gateway-with-upstream.ts';

let world: GatewayWithUpstream;

beforeAll(async () => {
  world = await startGatewayWithUpstream({ env: { LITELLM_RATE_LIMIT_WINDOW_SIZE: '2' } });
});
afterAll(() => world.close());
beforeEach(() => world.upstream.reset());

const messages = [{ role: 'user' as const, content: 'How is the weather?' }];

async function failureOf(call: Promise<unknown>): Promise<APIError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(APIError);
  return error as APIError;
}

describe('refusals are the error classes of the official client', () => {
  test('an unknown key: AuthenticationError', async () => {
    const error = await failureOf(
      world.client('sk-nobody-has-this-key-00').chat.completions.create({ model: 'fake/one', messages }),
    );
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: '401', type: 'token_not_found_in_db', param: 'key' });
    expect(world.upstream.stats().received).toBe(0);
  });

  test('a malformed key: AuthenticationError that does not repeat it', async () => {
    const secret = 'not-one-of-ours-but-perhaps-somebodys-password';
    const error = await failureOf(world.client(secret).chat.completions.create({ model: 'fake/one', messages }));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error.message).not.toContain(secret);
  });

  test('a blocked key and a deleted one: AuthenticationError', async () => {
    const { key, openai } = await world.newClient();
    await openai.chat.completions.create({ model: 'fake/one', messages });
    await world.gateway.admin('/key/block', { key });
    expect(await failureOf(openai.models.list())).toBeInstanceOf(AuthenticationError);
    const blocked = await failureOf(openai.chat.completions.create({ model: 'fake/one', messages }));
    expect(blocked.message).toContain('Key is blocked');
    await world.gateway.admin('/key/unblock', { key });
    await openai.chat.completions.create({ model: 'fake/one', messages });
    await world.gateway.admin('/key/delete', { keys: [key] });
    const deleted = await failureOf(openai.chat.completions.create({ model: 'fake/one', messages }));
    expect(deleted).toBeInstanceOf(AuthenticationError);
  });

  test('an expired key: AuthenticationError of type expired_key', async () => {
    const { openai } = await world.newClient({ duration: '1s' });
    await openai.chat.completions.create({ model: 'fake/one', messages });
    await expect
      .poll(() => openai.chat.completions.create({ model: 'fake/one', messages }).catch((error) => error.type), {
        timeout: 5_000,
      })
      .toBe('expired_key');
  });

  test('a model that the key may not call: PermissionDeniedError', async () => {
    const { openai } = await world.newClient({ models: ['dime'] });
    const error = await failureOf(openai.chat.completions.create({ model: 'fake/one', messages }));
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error).toMatchObject({ status: 403, type: 'key_model_access_denied', param: 'model', code: '403' });
    expect(world.upstream.stats().received).toBe(0);
  });

  test('a model that nobody has: BadRequestError', async () => {
    const { openai } = await world.newClient();
    const error = await failureOf(openai.chat.completions.create({ model: 'no-such-model', messages }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.message).toContain('Invalid model name passed in model=no-such-model');
  });

  test('a spent budget: BadRequestError of type budget_exceeded', async () => {
    const { openai } = await world.newClient({ max_budget: 0 });
    const error = await failureOf(openai.chat.completions.create({ model: 'dime', messages, max_tokens: 10 }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, type: 'budget_exceeded' });
    for (const words of ['Budget has been exceeded!', 'Current cost: ', 'Max budget: ']) {
      expect(error.message).toContain(words);
    }
  });

  test('too many requests: RateLimitError that says which limit, and how long to wait', async () => {
    const { openai } = await world.newClient({ rpm_limit: 1 });
    await openai.chat.completions.create({ model: 'fake/one', messages });
    const error = await failureOf(openai.chat.completions.create({ model: 'fake/one', messages }));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error.message).toMatch(/Rate limit exceeded for api_key: [0-9a-f]{64}/);
    expect(error.message).toMatch(/Limit type: requests.*Remaining: 0/);
    expect(error.headers?.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(error.headers?.get('rate_limit_type')).toBe('requests');
    expect(error.headers?.get('reset_at')).toMatch(/\S/);
  });

  test('a path that is none: NotFoundError', async () => {
    const { openai } = await world.newClient();
    expect(await failureOf(openai.get('/no/such/path'))).toBeInstanceOf(NotFoundError);
  });

  test('what is no JSON: BadRequestError with the usual envelope', async () => {
    const key = await world.gateway.newKey();
    const answer = await fetch(`${world.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{"model":',
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error', code: '400' } });
  });
});

describe('failures of the upstream', () => {
  test.each([
    ['fail-400', 400],
    ['fail-404', 404],
    ['fail-422', 422],
    ['fail-429', 429],
    ['fail-500', 500],
    ['fail-503', 503],
  ])('%s: its status and message, and no credential', async (rule, status) => {
    const { key, openai } = await world.newClient();
    const { error, headers } = (await failureOf(
      openai.chat.completions.create({ model: `fake/${rule}`, messages }),
    )) as APIError & { error: { message: string; type: string } };
    expect(error).toMatchObject({ type: 'fake_error', code: String(status) });
    expect(error.message).toContain(`The fake upstream fails with ${status}`);
    expect(JSON.stringify([error, [...(headers ?? [])]])).not.toContain(UPSTREAM_SECRET);
    expect(await world.spendOf(key)).toBe(0);
    await expect.poll(() => world.rowsOf(key)).toMatchObject([{ status: 'failure', spend: 0 }]);
  });

  test("the upstream's 401 and 403 are not the client's: its own key is good", async () => {
    const { openai } = await world.newClient();
    for (const rule of ['fail-401', 'fail-403']) {
      const error = await failureOf(openai.chat.completions.create({ model: `fake/${rule}`, messages }));
      expect(error.message).not.toContain(UPSTREAM_SECRET);
      expect([401, 403, 500, 502]).toContain(error.status);
    }
  });

  test('an upstream that answers with something else than JSON: InternalServerError', async () => {
    const { openai } = await world.newClient();
    for (const rule of ['html', 'malformed']) {
      const error = await failureOf(openai.chat.completions.create({ model: `fake/${rule}`, messages }));
      expect(error).toBeInstanceOf(InternalServerError);
    }
  });

  test('an upstream that nobody can reach: InternalServerError, not a broken connection', async () => {
    const { openai } = await world.newClient();
    world.upstream.set({ dropAfter: 0 });
    const error = await failureOf(openai.chat.completions.create({ model: 'fake/one', messages }));
    expect(error).not.toBeInstanceOf(APIConnectionError);
    expect(error).toBeInstanceOf(InternalServerError);
  });
});

describe('the official client tries again where that helps', () => {
  test('after a rate limit, when retry-after has passed', async () => {
    const { key, openai } = await world.newClient({ rpm_limit: 1 });
    await openai.chat.completions.create({ model: 'fake/one', messages });
    const patient = world.client(key, { maxRetries: 3 });
    const { response } = await patient.chat.completions.create({ model: 'fake/one', messages }).withResponse();
    expect(response.status).toBe(200);
    expect(world.upstream.stats().received).toBe(2);
  });

  test("after the upstream's failure, and is billed once", async () => {
    const { key } = await world.newClient();
    world.upstream.queue('fail-500', 'fail-500');
    const answer = await world
      .client(key, { maxRetries: 2 })
      .chat.completions.create({ model: 'fake/usage-10-5', messages });
    expect(answer.usage?.prompt_tokens).toBe(10);
    expect(await world.spendOf(key)).toBeCloseTo(0.00002, 12);
    await expect
      .poll(async () => (await world.rowsOf(key)).map(({ status }) => status).sort())
      .toEqual(['failure', 'failure', 'success']);
  });

  test('not after a spent budget, a refused model or an unknown key', async () => {
    const spent = await world.gateway.newKey({ max_budget: 0 });
    const begunMs = Date.now();
    for (const [key, model] of [
      [spent, 'dime'],
      ['sk-nobody-has-this-key-00', 'dime'],
    ] as const) {
      await failureOf(world.client(key, { maxRetries: 5 }).chat.completions.create({ model, messages }));
    }
    expect(Date.now() - begunMs).toBeLessThan(2_000);
  });
});
