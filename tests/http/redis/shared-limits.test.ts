// Two gateways, one database, one Redis: what one of them admits is gone for the other.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testRedis } from '../../support/redis.ts';
import { type SeveralGateways, startSeveralGateways } from '../../support/several-gateways.ts';

let both: SeveralGateways;
beforeAll(async () => {
  const redis = testRedis();
  const general = { redis_key_prefix: redis.prefix, budget_mode: 'hard' };
  both = await startSeveralGateways(2, general, { REDIS_URL: redis.url });
});
afterAll(() => both.close());

describe('limits over two gateways', () => {
  test('a dollar buys ten calls of ten cents, out of a hundred at once', async () => {
    const key = await both.newKey({ max_budget: 1 });
    await both.upstream.reset();
    expect(await both.callAtOnce(100, key, 'slow-dime')).toEqual({ 200: 10, 400: 90 });
    expect((await both.upstream.requests()).length).toBe(10);
    for (const url of both.urls) expect(await both.spendShownBy(url, key)).toBe(1);
  });

  test.each([
    ['of a key', { rpm_limit: 60 }],
    ['with one tag', { tags: ['ci', 'free'], tag_rpm_limit: { ci: 60 } }],
  ])('sixty requests a minute %s are sixty, whichever gateway they come to', async (_which, limits) => {
    const key = await both.newKey(limits);
    await both.upstream.reset();
    expect(await both.callAtOnce(100, key, 'free')).toEqual({ 200: 60, 429: 40 });
    expect((await both.upstream.requests()).length).toBe(60);
  });

  test('five at a time are five, and every slot is free again afterwards', async () => {
    const key = await both.newKey({ max_parallel_requests: 5 });
    expect(await both.callAtOnce(20, key, 'slow-dime')).toEqual({ 200: 5, 429: 15 });
    expect(await both.callAtOnce(5, key, 'slow-dime')).toEqual({ 200: 5 });
    const { body } = await both.ask('/health/readiness/details', undefined, both.urls[1]);
    expect(body).toMatchObject({ redis: 'up', open_holds: 0 });
  });

  test('spend that an administrator takes back is taken back once', async () => {
    const { body: team } = await both.ask('/team/new', { max_budget: 1 });
    const key = await both.newKey({ team_id: team.team_id });
    expect(await both.callAtOnce(4, key, 'dime')).toEqual({ 200: 4 });
    expect((await both.ask(`/team/${team.team_id}/reset_spend`, { reset_to: 0.1 })).status).toBe(200);
    // Until the second gateway has heard of it, and would have counted it again.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await both.callAtOnce(20, key, 'dime')).toEqual({ 200: 9, 400: 11 });
  });
});
