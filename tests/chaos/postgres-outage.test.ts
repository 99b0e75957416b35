// A gateway that counts in PostgreSQL, under load, while PostgreSQL stands still: known keys go on within their limits,
// unknown ones are told to come back, nothing is lost. The same when its connections are cut, when its password changes,
// and when there is no database at the start. `npm run chaos` holds the outage for two minutes, and cuts more often.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeUpstreamProcess, spawnFakeUpstream } from '../support/fake-upstream.ts';
import { findFreePort } from '../support/free-port.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor, costOf } from '../support/gateway-with-upstream.ts';
import { startHeldLine } from '../support/held-line.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { quantilesAround, startSteadyClient } from '../support/steady-client.ts';
import { readAllRows, runDoctor } from './read-ledger.ts';

const LONG = process.env.CHAOS_ROUNDS !== undefined;
const OUTAGE_S = LONG ? 120 : 6;
const CUTS = LONG ? 40 : 2;
const CALLS_PER_SECOND = 100;
const MASTER_KEY = 'sk-master-of-the-outage-0123456789abc';

let server: PostgresServer;
let upstream: FakeUpstreamProcess;
let config: Record<string, unknown>;
let env: Record<string, string>;
let administrator: pg.Client;
let passwordFile: string;
let gateway: GatewayProcess;
/** Makes keys of which the gateway has never heard. A command tells it the database's password. */
let other: GatewayProcess;

beforeAll(async () => {
  [server, upstream] = await Promise.all([startPostgres(), spawnFakeUpstream()]);
  administrator = new pg.Client({ connectionString: server.url });
  await administrator.connect();
  passwordFile = join(mkdtempSync(join(tmpdir(), 'latchkey-password-')), 'password');
  writeFileSync(passwordFile, new URL(server.url).password, { mode: 0o600 });
  const general = { master_key: MASTER_KEY, budget_mode: 'hard' };
  config = configFor(upstream, general);
  env = { DATABASE_URL: server.url, LATCHKEY_SALT_KEY: 'salt of the outage' };
  const withCommand = configFor(upstream, { ...general, database_password_command: `cat ${passwordFile}` });
  [gateway, other] = await Promise.all([startGateway({ config, env }), startGateway({ config: withCommand, env })]);
}, 120_000);
afterAll(async () => {
  server.resume();
  await Promise.all([gateway.stop(), other.stop()]);
  await upstream.close();
  await administrator.end();
  await server.stop();
  rmSync(dirname(passwordFile), { recursive: true });
}, 60_000);

async function call(
  key: string,
  model = 'fake/usage-10-20',
  { url }: { url: string } = gateway,
): Promise<{ status: number; retryAfter: string | null }> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
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
const isReady = async (url = gateway.url) => (await fetch(`${url}/health/readiness`).catch(() => null))?.status === 200;
const residentMb = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1_024;
const startClient = (key: string) =>
  startSteadyClient({
    url: gateway.url,
    key,
    model: 'fake/usage-10-20',
    callsPerSecond: CALLS_PER_SECOND,
    looksPerSecond: 20,
  });
const spendOf = async (key: string) => (await gateway.admin(`/key/info?key=${key}`)).body.info.spend;
/** Ends every connection of the gateways'. How many there were. */
async function cutAll(): Promise<number> {
  const { rowCount } = await administrator.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'latchkey'",
  );
  return rowCount ?? 0;
}
const said = (message: string) => gateway.logs().split(`"${message}`).length - 1;

/** Waits until all bills are shipped; then the ledger has what the upstream has billed, and the books are right. */
async function expectSoundBooks(): Promise<void> {
  for (const each of [gateway, other]) {
    const details = async () => (await each.admin('/health/readiness/details')).body;
    await expect.poll(details, { timeout: 20_000 }).toMatchObject({ journal_backlog: 0, open_holds: 0 });
  }
  const rows = await readAllRows(gateway);
  expect(rows.filter(({ status }) => status === 'success')).toHaveLength((await upstream.bill()).length);
  expect(runDoctor(gateway, env)).toMatchObject({ ok: true });
}

test(
  `PostgreSQL stands still for ${OUTAGE_S} s at ${CALLS_PER_SECOND} calls a second`,
  async () => {
    const unknown = await other.newKey();
    const busy = await gateway.newKey({ max_budget: 1_000, rpm_limit: 1_000_000 });
    const capped = await gateway.newKey({ max_budget: 1 });
    const minute = await gateway.newKey({ rpm_limit: 60 });
    const parallel = await gateway.newKey({ max_parallel_requests: 5 });
    expect(succeeded(await statuses(4, capped, 'dime'))).toBe(4);
    expect(succeeded(await statuses(10, minute, 'free'))).toBe(10);
    expect(succeeded(await statuses(1, parallel, 'free'))).toBe(1);
    await expect.poll(async () => (await gateway.admin('/health/readiness/details')).body.live_processes).toBe(2);
    const client = startClient(busy);
    await sleep(LONG ? 20_000 : 1_000);
    const before = residentMb();
    const pausedAtMs = Date.now();
    server.pause();

    // Half of what was left, as there are two processes.
    const early = await Promise.all([statuses(2, capped, 'dime'), statuses(80, minute, 'free')]);
    expect(succeeded(early[0])).toBe(2);
    expect(succeeded(early[1])).toBeGreaterThanOrEqual(25);
    expect(succeeded(early[1])).toBeLessThanOrEqual(50);
    expect(succeeded(await statuses(20, parallel, 'slow-dime'))).toBeGreaterThanOrEqual(2);
    await expect.poll(isReady, { timeout: 15_000 }).toBe(false);
    const refused = await call(unknown);
    expect(refused.status).toBe(503);
    expect(refused.retryAfter).toMatch(/^\d+$/);
    const revocation = await gateway.admin('/key/block?wait=all', { key: busy });
    expect(revocation).toMatchObject({ status: 503, body: { error: { type: 'no_db_connection' } } });
    await sleep(Math.max(0, pausedAtMs + OUTAGE_S * 1_000 - Date.now()));
    const after = residentMb();

    const resumedAtMs = Date.now();
    server.resume();
    await expect.poll(isReady, { timeout: 20_000, interval: 20 }).toBe(true);
    const readyMs = Date.now() - resumedAtMs;
    await expect.poll(async () => (await call(unknown)).status, { timeout: 20_000, interval: 20 }).toBe(200);
    const normalMs = Date.now() - resumedAtMs;
    const asked = await client.stop();
    const figures = {
      ...quantilesAround(asked, pausedAtMs, resumedAtMs),
      resident_mb: { before, after },
      ready_after_ms: readyMs,
      normal_after_ms: normalMs,
    };
    console.log(`outage of PostgreSQL for ${OUTAGE_S} s: ${JSON.stringify(figures)}`);
    // What was under way when the database fell silent may have waited for it; nothing else is refused.
    expect(asked.filter(({ status }) => status !== 200)).toEqual([]);
    expect(after - before).toBeLessThan(150);
    // Where other tests share the cores, anything may wait for them.
    if (LONG) {
      expect(normalMs).toBeLessThan(5_000);
      expect(figures.liveness.later.p99).toBeLessThan(100);
    }

    const calls = asked.filter(({ kind }) => kind === 'call').length;
    await expectSoundBooks();
    expect(await spendOf(busy)).toBeCloseTo(calls * costOf(10, 10), 9);
    const left = 10 - Math.round((await spendOf(capped)) * 10);
    expect(succeeded(await statuses(20, capped, 'dime'))).toBe(left);
    for (const message of ['Limits cannot be counted in the database', 'The database does not answer']) {
      expect(said(message)).toBe(1);
    }
    expect(said('a background job failed')).toBe(0);
  },
  (OUTAGE_S + 120) * 1_000,
);

test(
  'connections that are cut, idle ones and busy ones, fail no call and no change',
  async () => {
    const busy = await gateway.newKey({ max_budget: 1_000, rpm_limit: 1_000_000, max_parallel_requests: 1_000 });
    const client = startClient(busy);
    const failed: unknown[] = [];
    for (let round = 0; round < CUTS; round += 1) {
      const unheard = await Promise.all(Array.from({ length: 10 }, () => other.newKey({ max_budget: 1 })));
      const atWork = [
        ...unheard.map((key) => call(key)),
        ...Array.from({ length: 10 }, () => gateway.admin('/key/generate', { max_budget: 1 })),
      ];
      await sleep(5 + 3 * (round % 10));
      expect(await cutAll()).toBeGreaterThan(2);
      failed.push(...(await Promise.all(atWork)).filter(({ status }) => status !== 200));
      await sleep(LONG ? 1_000 : 200);
    }
    const asked = await client.stop();
    failed.push(...asked.filter(({ status }) => status !== 200));
    expect(failed).toEqual([]);
    await expectSoundBooks();
    const calls = asked.filter(({ kind }) => kind === 'call').length;
    expect(await spendOf(busy)).toBeCloseTo(calls * costOf(10, 10), 9);
  },
  60_000 + CUTS * 3_000,
);

test('when the password changes, who asks a command goes on; others serve known keys within limits until it is back', async () => {
  const password = readFileSync(passwordFile, 'utf8');
  const capped = await gateway.newKey({ max_budget: 1 });
  const dimes = async (count: number) => succeeded(await statuses(count, capped, 'dime'));
  expect(await dimes(4)).toBe(4);
  const isSaid = (message: string) => {
    const before = said(message);
    return () => expect.poll(() => said(message) - before, { timeout: 15_000 }).toBe(1);
  };
  const [isSaidToBeAway, isSaidToBeBack] = [
    isSaid('The database does not answer'),
    isSaid('The database answers again'),
  ];

  await administrator.query("alter role postgres password 'second-password'");
  writeFileSync(passwordFile, 'second-password\n');
  await cutAll();
  const unheard = await other.newKey({ max_budget: 1 });
  expect((await call(unheard, 'dime', other)).status).toBe(200);
  let whileAway = await dimes(1);
  expect(whileAway).toBe(1);
  await isSaidToBeAway();
  expect(await isReady()).toBe(false);
  expect((await call(unheard)).status).toBe(503);
  whileAway += await dimes(20);
  expect(whileAway).toBeLessThanOrEqual(6);
  expect(other.logs()).not.toContain('password authentication failed');

  await administrator.query(`alter role postgres password '${password}'`);
  writeFileSync(passwordFile, password);
  await expect.poll(isReady, { timeout: 20_000 }).toBe(true);
  await expect.poll(async () => (await call(unheard)).status, { timeout: 20_000 }).toBe(200);
  await expectSoundBooks();
  expect(await spendOf(capped)).toBeCloseTo((4 + whileAway) / 10, 9);
  expect(whileAway + (await dimes(20))).toBe(6);
  await isSaidToBeAway();
  await isSaidToBeBack();
  expect(gateway.logs()).toMatch(/"reason":"password authentication failed[^\n]*The database does not answer/);
  for (const logs of [gateway.logs(), other.logs()]) {
    expect(logs).not.toContain(password);
    expect(logs).not.toContain('second-password');
  }
}, 90_000);

test('two workers that find no database at their start live, refuse with 503, and serve when there is one', async () => {
  const key = await gateway.newKey();
  const line = await startHeldLine(server.url);
  await line.takeDown();
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const starting = startGateway({ config, port, env: { ...env, DATABASE_URL: line.url, LATCHKEY_WORKERS: '2' } });
  try {
    const liveness = async () => (await fetch(`${url}/health/liveliness`).catch(() => null))?.status;
    await expect.poll(liveness, { timeout: 20_000 }).toBe(200);
    expect(await call(key, 'mocked', { url })).toEqual({ status: 503, retryAfter: '1' });
    expect(await isReady(url)).toBe(false);
    await line.bringUp();
    const started = await starting;
    expect((await call(key, 'mocked', { url })).status).toBe(200);
    expect(started.logs()).toContain('The database cannot be reached (ECONNREFUSED). It is waited for');
  } finally {
    await line.bringUp().catch(() => {});
    await (await starting).stop();
    await line.close();
  }
}, 60_000);

test.runIf(LONG).each(['1', '2'])(
  'a wrong password ends the start of %s worker(s), and is said to be wrong',
  async (workers) => {
    const url = new URL(server.url);
    url.password = 'of-another-role';
    const starting = startGateway({ config, env: { ...env, DATABASE_URL: url.href, LATCHKEY_WORKERS: workers } });
    await expect(starting).rejects.toThrow(
      'The database cannot be reached at the moment. The reason: password authentication failed for user "postgres"',
    );
  },
);
