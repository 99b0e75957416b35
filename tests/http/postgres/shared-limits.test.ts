// Three gateways on one PostgreSQL, without Redis: what one of them admits is gone for the others.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';
import { type FakeUpstream, startFakeUpstream } from '../../support/fake-upstream.ts';
import { configFor } from '../../support/gateway-with-upstream.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

describe.each([true, false])('limits over three gateways, slices: %s', (slices) => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  const gateways: TestApp[] = [];
  const urls: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    upstream = await startFakeUpstream();
    const general = { counters: 'postgres', counter_slices: slices, budget_mode: 'hard' };
    for (let count = 0; count < 3; count += 1) {
      const gateway = await startTestApp({
        config: JSON.stringify(configFor(upstream, general)),
        databaseUrl: database.url,
      });
      gateways.push(gateway);
      urls.push(await gateway.listen());
    }
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    await upstream.close();
    await database.drop();
  });

  async function ask(url: string, path: string, key: string, body?: unknown) {
    const answer = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
  const masterKey = () => (gateways[0] as TestApp).masterKey;
  async function newKey(fields: Record<string, unknown>): Promise<string> {
    const { body } = await ask(urls[0] as string, '/key/generate', masterKey(), fields);
    return body.key as string;
  }
  /** So many calls at once, dealt out to the gateways; how many came back with which status. */
  async function callAtOnce(count: number, key: string, model: string) {
    const body = { model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 10 };
    const calls = Array.from({ length: count }, (_, call) =>
      ask(urls[call % urls.length] as string, '/v1/chat/completions', key, body),
    );
    const byStatus: Record<number, number> = {};
    for (const { status } of await Promise.all(calls)) byStatus[status] = (byStatus[status] ?? 0) + 1;
    return byStatus;
  }
  const spendShownBy = async (url: string, key: string): Promise<number> => {
    const { body } = await ask(url, `/key/info?key=${key}`, masterKey());
    return (body.info as { spend: number }).spend;
  };

  test('a dollar buys ten calls of ten cents, out of two hundred at once', async () => {
    const key = await newKey({ max_budget: 1 });
    await upstream.reset();
    expect(await callAtOnce(200, key, 'slow-dime')).toEqual({ 200: 10, 400: 190 });
    expect((await upstream.requests()).length).toBe(10);
    for (const url of urls) expect(await spendShownBy(url, key)).toBe(1);
  });

  test('sixty requests a minute are sixty, whichever gateway they come to', async () => {
    const key = await newKey({ rpm_limit: 60 });
    await upstream.reset();
    expect(await callAtOnce(120, key, 'free')).toEqual({ 200: 60, 429: 60 });
    expect((await upstream.requests()).length).toBe(60);
  });

  test('five at a time are five, and every slot is free again afterwards', async () => {
    const key = await newKey({ max_parallel_requests: 5 });
    expect(await callAtOnce(30, key, 'slow-dime')).toEqual({ 200: 5, 429: 25 });
    expect(await callAtOnce(5, key, 'slow-dime')).toEqual({ 200: 5 });
    const holds = async () => {
      const { body } = await ask(urls[0] as string, '/health/readiness/details', masterKey());
      return body.open_holds;
    };
    await expect.poll(holds, { timeout: 10_000 }).toBe(0);
  });

  test('of a large budget all three serve at once, and each shows the same spend before long', async () => {
    const key = await newKey({ max_budget: 100_000 });
    for (let round = 0; round < 3; round += 1) expect(await callAtOnce(60, key, 'dime')).toEqual({ 200: 60 });
    for (const url of urls) await expect.poll(() => spendShownBy(url, key), { timeout: 10_000 }).toBe(18);
  });

  test('spend that an administrator takes back is taken back once', async () => {
    const { body: team } = await ask(urls[0] as string, '/team/new', masterKey(), { max_budget: 1 });
    const key = await newKey({ team_id: team.team_id });
    expect(await callAtOnce(4, key, 'dime')).toEqual({ 200: 4 });
    const reset = await ask(urls[0] as string, `/team/${team.team_id}/reset_spend`, masterKey(), { reset_to: 0.1 });
    expect(reset.status).toBe(200);
    // Until all gateways have heard of it, and would have counted it again.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await callAtOnce(20, key, 'dime')).toEqual({ 200: 9, 400: 11 });
  });
});
