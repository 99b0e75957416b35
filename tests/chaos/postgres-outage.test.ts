// A gateway that counts in PostgreSQL, under load, while PostgreSQL stands still: known keys go on within their limits,
// unknown ones are told to come back, nothing is lost. `npm run chaos` holds the outage for two minutes.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type FakeUpstreamProcess, spawnFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor, costOf } from '../support/gateway-with-upstream.ts';
import { type HeldLine, startHeldLine } from '../support/held-line.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startSteadyCalls } from '../support/steady-calls.ts';
import { readAllRows, runDoctor } from './read-ledger.ts';

const OUTAGE_S = process.env.CHAOS_ROUNDS === undefined ? 8 : 120;
const CALLS_PER_SECOND = 100;
const env = { LATCHKEY_SALT_KEY: 'salt of the outage' };
const MASTER_KEY = 'sk-master-of-the-outage-0123456789abc';

let database: TestDatabase;
let line: HeldLine;
let upstream: FakeUpstreamProcess;
let gateway: GatewayProcess;
/** Made by another gateway, so that this one has never heard of it. */
let unknown: string;

beforeAll(async () => {
  database = await createTestDatabase();
  line = await startHeldLine(database.url);
  upstream = await spawnFakeUpstream();
  const config = configFor(upstream, { master_key: MASTER_KEY, budget_mode: 'hard' });
  const other = await startGateway({ config, env: { ...env, DATABASE_URL: database.url } });
  unknown = await other.newKey();
  await other.stop();
  gateway = await startGateway({ config, env: { ...env, DATABASE_URL: line.url } });
}, 120_000);
afterAll(async () => {
  line.release();
  await gateway.stop();
  await upstream.close();
  await line.close();
  await database.drop();
}, 60_000);

async function call(key: string, model = 'fake/usage-10-20'): Promise<{ status: number; retryAfter: string | null }> {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.arrayBuffer();
  return { status: answer.status, retryAfter: answer.headers.get('retry-after') };
}
const statuses = async (count: number, key: string, model: string) =>
  (await Promise.all(Array.from({ length: count }, () => call(key, model)))).map(({ status }) => status);
const succeeded = (all: readonly number[]) => all.filter((status) => status === 200).length;
const isReady = async () => (await fetch(`${gateway.url}/health/readiness`)).status === 200;
const residentMb = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1_024;

/** Calls at a steady rate until told to stop; how they ended, by status. */
function startCalls(key: string): { byStatus: Map<number, number>; stop(): Promise<void> } {
  const byStatus = new Map<number, number>();
  const { stop } = startSteadyCalls(CALLS_PER_SECOND, async () => {
    const { status } = await call(key);
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  });
  return { byStatus, stop };
}

/** How long the process takes to say that it lives, asked ten times a second. */
function watchLiveness(): { stop(): Promise<number[]> } {
  const tookMs: number[] = [];
  let watching = true;
  const done = (async () => {
    while (watching) {
      const askedAt = performance.now();
      expect((await fetch(`${gateway.url}/health/liveliness`)).status).toBe(200);
      tookMs.push(performance.now() - askedAt);
      await sleep(100);
    }
  })();
  async function stop(): Promise<number[]> {
    watching = false;
    await done;
    return tookMs.sort((x, y) => x - y);
  }
  onTestFinished(() => void stop());
  return { stop };
}

test(
  `PostgreSQL stands still for ${OUTAGE_S} s at ${CALLS_PER_SECOND} calls a second`,
  async () => {
    const busy = await gateway.newKey({ max_budget: 1_000, rpm_limit: 1_000_000 });
    const capped = await gateway.newKey({ max_budget: 1 });
    const minute = await gateway.newKey({ rpm_limit: 60 });
    const parallel = await gateway.newKey({ max_parallel_requests: 5 });
    expect(succeeded(await statuses(4, capped, 'dime'))).toBe(4);
    expect(succeeded(await statuses(10, minute, 'free'))).toBe(10);
    expect(succeeded(await statuses(1, parallel, 'free'))).toBe(1);
    const load = startCalls(busy);
    await sleep(1_000);
    const before = residentMb();
    const liveness = watchLiveness();
    const heldAt = Date.now();
    line.hold();

    const early = await Promise.all([statuses(3, capped, 'dime'), statuses(80, minute, 'free')]);
    expect(succeeded(early[0])).toBe(3);
    expect(succeeded(early[1])).toBe(50);
    expect(succeeded(await statuses(20, parallel, 'slow-dime'))).toBe(5);
    await expect.poll(isReady, { timeout: 15_000 }).toBe(false);
    const refused = await call(unknown);
    expect(refused.status).toBe(503);
    expect(refused.retryAfter).toMatch(/^\d+$/);
    await sleep(Math.max(0, heldAt + OUTAGE_S * 1_000 - Date.now()));
    const during = new Map(load.byStatus);
    expect(succeeded(await statuses(20, capped, 'dime'))).toBe(3);
    const after = residentMb();

    line.release();
    const releasedAt = performance.now();
    await expect.poll(isReady, { timeout: 20_000, interval: 20 }).toBe(true);
    const readyMs = performance.now() - releasedAt;
    await expect.poll(async () => (await call(unknown)).status, { timeout: 20_000, interval: 20 }).toBe(200);
    const normalMs = performance.now() - releasedAt;
    await load.stop();
    const tookMs = await liveness.stop();
    const figures = {
      outage_s: OUTAGE_S,
      calls_during: Object.fromEntries(during),
      liveness_ms: { p99: tookMs[Math.floor(tookMs.length * 0.99)], max: tookMs.at(-1) },
      resident_mb: { before, after },
      ready_after_ms: readyMs,
      normal_after_ms: normalMs,
    };
    console.log(`outage of PostgreSQL: ${JSON.stringify(figures)}`);
    // What was under way when the database fell silent may have waited for it; nothing else is refused.
    expect([...load.byStatus.keys()]).toEqual([200]);
    expect(after - before).toBeLessThan(150);

    expect(succeeded(await statuses(20, capped, 'dime'))).toBe(0);
    const details = async () => (await gateway.admin('/health/readiness/details')).body;
    await expect.poll(details, { timeout: 20_000 }).toMatchObject({ journal_backlog: 0, open_holds: 0 });
    const spendOf = async (key: string) => (await gateway.admin(`/key/info?key=${key}`)).body.info.spend;
    await expect.poll(() => spendOf(capped), { timeout: 10_000 }).toBe(1);
    const calls = load.byStatus.get(200) ?? 0;
    await expect.poll(() => spendOf(busy), { timeout: 10_000 }).toBeCloseTo(calls * costOf(10, 10), 9);
    const rows = await readAllRows(gateway);
    expect(rows.filter(({ status }) => status === 'success')).toHaveLength((await upstream.bill()).length);
    // The line to the database is in this process and stands still while doctor runs, so that is asked of the books alone.
    const doctor = runDoctor(gateway, { ...env, DATABASE_URL: database.url });
    expect(doctor.text).toContain('{"name":"books","ok":true');
    expect(gateway.logs().match(/Limits cannot be counted in the database/g)).toHaveLength(1);
    expect(gateway.logs().match(/The database does not answer/g)).toHaveLength(1);
  },
  (OUTAGE_S + 120) * 1_000,
);

test('idle connections that are cut fail no call', async () => {
  const key = await gateway.newKey({ max_budget: 100, rpm_limit: 100_000 });
  // The line stood still while doctor ran: to the gateway that was an outage, which may just be ending.
  await expect.poll(async () => (await call(key)).status, { timeout: 20_000 }).toBe(200);
  for (let round = 0; round < 3; round += 1) {
    await sleep(1_300);
    expect(line.cut()).toBeGreaterThan(0);
    const fresh = gateway.newKey({ max_budget: 1 });
    expect(await statuses(20, key, 'fake/usage-10-20')).toEqual(Array(20).fill(200));
    expect((await call(await fresh)).status).toBe(200);
  }
});

test('a gateway that finds no database at its start lives, refuses with 503, and serves when there is one', async () => {
  const key = await gateway.newKey();
  await gateway.kill();
  await line.takeDown();
  const served = gateway.restart();
  const liveness = async () => (await fetch(`${gateway.url}/health/liveliness`).catch(() => null))?.status;
  await expect.poll(liveness, { timeout: 20_000 }).toBe(200);
  expect(await call(key)).toEqual({ status: 503, retryAfter: '1' });
  expect(await isReady()).toBe(false);
  await line.bringUp();
  await served;
  expect((await call(key)).status).toBe(200);
  expect(gateway.logs()).toContain('The database cannot be reached (ECONNREFUSED). It is waited for');
}, 60_000);
