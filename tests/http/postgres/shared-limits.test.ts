// Three gateways on one PostgreSQL, without Redis: what one of them admits is gone for the others.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SeveralGateways, startSeveralGateways } from '../../support/several-gateways.ts';

describe.each([true, false])('limits over three gateways, slices: %s', (slices) => {
  let all: SeveralGateways;
  beforeAll(async () => {
    all = await startSeveralGateways(3, { counters: 'postgres', counter_slices: slices, budget_mode: 'hard' });
  });
  afterAll(() => all.close());

  test('a dollar buys ten calls of ten cents, out of two hundred at once', async () => {
    const key = await all.newKey({ max_budget: 1 });
    await all.upstream.reset();
    expect(await all.callAtOnce(200, key, 'slow-dime')).toEqual({ 200: 10, 400: 190 });
    expect((await all.upstream.requests()).length).toBe(10);
    for (const url of all.urls) expect(await all.spendShownBy(url, key)).toBe(1);
  });

  test.each([
    ['of a key', { rpm_limit: 60 }],
    ['with one tag', { tags: ['ci', 'free'], tag_rpm_limit: { ci: 60 } }],
  ])('sixty requests a minute %s are sixty, whichever gateway they come to', async (_which, limits) => {
    const key = await all.newKey(limits);
    await all.upstream.reset();
    expect(await all.callAtOnce(120, key, 'free')).toEqual({ 200: 60, 429: 60 });
    expect((await all.upstream.requests()).length).toBe(60);
  });

  test('five at a time are five, and every slot is free again afterwards', async () => {
    const key = await all.newKey({ max_parallel_requests: 5 });
    expect(await all.callAtOnce(30, key, 'slow-dime')).toEqual({ 200: 5, 429: 25 });
    expect(await all.callAtOnce(5, key, 'slow-dime')).toEqual({ 200: 5 });
    const holds = async () => (await all.ask('/health/readiness/details')).body.open_holds;
    await expect.poll(holds, { timeout: 10_000 }).toBe(0);
  });

  test('of a large budget all three serve at once, and each shows the same spend before long', async () => {
    const key = await all.newKey({ max_budget: 100_000 });
    for (let round = 0; round < 3; round += 1) expect(await all.callAtOnce(60, key, 'dime')).toEqual({ 200: 60 });
    for (const url of all.urls) await expect.poll(() => all.spendShownBy(url, key), { timeout: 10_000 }).toBe(18);
  });

  test('spend that an administrator takes back is taken back once', async () => {
    const { body: team } = await all.ask('/team/new', { max_budget: 1 });
    const key = await all.newKey({ team_id: team.team_id });
    expect(await all.callAtOnce(4, key, 'dime')).toEqual({ 200: 4 });
    expect((await all.ask(`/team/${team.team_id}/reset_spend`, { reset_to: 0.1 })).status).toBe(200);
    // Until all gateways have heard of it, and would have counted it again.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await all.callAtOnce(20, key, 'dime')).toEqual({ 200: 9, 400: 11 });
  });
});
