// One gateway of several worker processes over PostgreSQL, as `latchkey serve --workers 3` starts it.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeUpstreamProcess, spawnFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor, costOf } from '../support/gateway-with-upstream.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { readAllRows, runDoctor } from './read-ledger.ts';

const MAIN = join(fileURLToPath(new URL('../..', import.meta.url)), 'dist', 'main.js');

describe('latchkey serve --workers 3', () => {
  let database: TestDatabase;
  let upstream: FakeUpstreamProcess;
  let gateway: GatewayProcess;

  beforeEach(async () => {
    database = await createTestDatabase();
    upstream = await spawnFakeUpstream();
    gateway = await startGateway({
      config: configFor(upstream),
      env: { DATABASE_URL: database.url, LATCHKEY_WORKERS: '3' },
    });
  });
  afterEach(async () => {
    await gateway.stop();
    await upstream.close();
    await database.drop();
  });

  /** Pids of the processes that have said lately that they live. */
  async function livingPids(): Promise<number[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query('select pid from processes order by pid');
      return rows.map(({ pid }) => pid);
    } finally {
      await client.end();
    }
  }

  async function call(key: string, model: string, marker: string): Promise<{ status: number | null; text: string }> {
    try {
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        // A connection each, so that every worker gets some.
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ model, user: marker, messages: [{ role: 'user', content: 'How is the weather?' }] }),
      });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return { status: null, text: '' };
    }
  }

  test('starts once for everybody, serves from all of them, lets calls end and exits with 0', {
    timeout: 120_000,
  }, async () => {
    const pids = await livingPids();
    expect(pids).toHaveLength(3);
    expect(pids).not.toContain(gateway.pid);
    expect(gateway.logs().match(/Latchkey listens on/g)).toHaveLength(1);
    const key = await gateway.newKey();
    const calls = Promise.all(
      Array.from({ length: 12 }, (_, index) => call(key, 'fake/usage-10-20+slow-1500', `m${index}`)),
    );
    await expect.poll(async () => (await upstream.stats()).inFlight, { timeout: 10_000 }).toBe(12);
    // Whichever worker is scraped tells of all of them.
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/^latchkey_calls_in_flight 12$/m);
    expect(metrics).toMatch(/^latchkey_live_processes 3$/m);
    const exited = gateway.exited();
    gateway.terminate();
    for (const { status } of await calls) expect(status).toBe(200);
    expect(await exited).toBe(0);
    expect(await livingPids()).toEqual([]);
    await gateway.restart();
    const rows = await readAllRows(gateway);
    expect(rows.map(({ status }) => status)).toEqual(Array(12).fill('success'));
  });

  test('a worker that is killed with calls in flight is replaced, and the ledger has the bill of the upstream', {
    timeout: 180_000,
  }, async () => {
    const key = await gateway.newKey();
    const pids = await livingPids();
    const calls = Array.from({ length: 40 }, (_, index) =>
      call(key, index % 2 === 0 ? 'fake/usage-10-20+slow-1500' : 'fake/usage-10-20', `m${index}`),
    );
    await expect.poll(async () => (await upstream.stats()).inFlight, { timeout: 10_000 }).toBeGreaterThanOrEqual(20);
    const victim = pids[1] as number;
    process.kill(victim, 'SIGKILL');
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(outcomes.filter(({ status }) => status === null).length).toBeGreaterThan(0);

    await expect.poll(livingPids, { timeout: 30_000 }).toSatisfy((now: number[]) => {
      return now.length === 3 && !now.includes(victim);
    });
    await expect.poll(async () => (await upstream.stats()).inFlight, { timeout: 10_000 }).toBe(0);
    const bill = await upstream.bill();
    // A call that had begun when its process died has a row too, and then nothing that was begun has none.
    await expect
      .poll(async () => (await readAllRows(gateway)).some(({ status }) => status === 'unsettled'), {
        timeout: 60_000,
        interval: 500,
      })
      .toBe(true);
    const rows = await readAllRows(gateway);
    const byMarker = new Map(rows.map((row) => [row.end_user, row]));
    expect(byMarker.size).toBe(rows.length);
    expect(bill.filter(({ user }) => !byMarker.has(user))).toEqual([]);
    for (const [index, { status }] of outcomes.entries()) {
      if (status !== 200) continue;
      const row = byMarker.get(`m${index}`);
      expect(row?.status).toBe('success');
      expect(row?.spend).toBeCloseTo(costOf(10, 20), 12);
    }
    for (const { status, end_user: marker, spend } of rows) {
      if (status === 'success') expect(bill.map(({ user }) => user)).toContain(marker);
      else expect(spend).toBeGreaterThan(0);
    }
    // What the dead one held is let go when its leases end.
    await expect
      .poll(() => runDoctor(gateway, { DATABASE_URL: database.url }), { timeout: 60_000, interval: 2_000 })
      .toMatchObject({ ok: true });
  });
});

test('the embedded database belongs to one process: more workers are refused with what to do', () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'serve', '--num_workers', '2', '--port', '0'], {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: process.env.PATH ?? '' },
  });
  expect(status).toBe(1);
  expect(stderr).toContain('--workers: 2 workers need a database that several processes can share: set DATABASE_URL');
});
