// Three gateways on one PostgreSQL, each a process with a data directory of its own, as on three hosts.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import {
  ALL_MIGRATIONS,
  hasCall,
  insertCall,
  listMigrations,
  migrateTo,
  OLD_SCHEMA,
  openTestConnection,
} from '../support/old-schema.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const MASTER_KEY = 'sk-master-of-several-processes-0123456789';
const SALT_KEY = 'salt of several processes';

let database: TestDatabase;
let upstream: FakeUpstream;
let gateways: GatewayProcess[];
let a: GatewayProcess;
let b: GatewayProcess;
let c: GatewayProcess;

function start(general: Record<string, unknown> = { counters: 'postgres' }): Promise<GatewayProcess> {
  return startGateway({
    config: configFor(upstream, { master_key: MASTER_KEY, ...general }),
    env: { DATABASE_URL: database.url, LATCHKEY_SALT_KEY: SALT_KEY },
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  upstream = await startFakeUpstream();
  // At once, on an empty database: one of them makes the tables.
  gateways = await Promise.all([start(), start(), start()]);
  [a, b, c] = gateways as [GatewayProcess, GatewayProcess, GatewayProcess];
}, 120_000);
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop();
  await upstream.close();
  await database.drop();
}, 60_000);

const post = (gateway: GatewayProcess, key: string, body: object) =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }], ...body }),
  });

async function statusOf(gateway: GatewayProcess, key: string): Promise<number> {
  const answer = await post(gateway, key, { model: 'mocked' });
  await answer.arrayBuffer();
  return answer.status;
}

/** A key that every process has served, so that each has it in its cache. */
async function warmKey(fields: Record<string, unknown> = {}): Promise<string> {
  const key = await a.newKey(fields);
  for (const gateway of gateways) expect(await statusOf(gateway, key)).toBe(200);
  return key;
}

/** A stream on this process that goes on for minutes, unless it is cut. */
async function openStream(gateway: GatewayProcess, key: string): Promise<{ text(): Promise<string> }> {
  const answer = await post(gateway, key, { model: 'fake/frames-2000+every-50ms', stream: true });
  expect(answer.status).toBe(200);
  const text = answer.text();
  return { text: () => text };
}

const soon = { timeout: 5_000, interval: 20 };

describe('a change in one process', () => {
  test.each([
    ['/key/block', (key: string) => ({ key })],
    ['/key/delete', (key: string) => ({ keys: [key] })],
    ['/key/regenerate', (key: string) => ({ key })],
  ])('%s: the old secret is refused by the others, and their streams of it end', async (path, toBody) => {
    const key = await warmKey();
    const streams = await Promise.all([openStream(b, key), openStream(c, key)]);
    expect((await a.admin(path, toBody(key))).status).toBe(200);
    for (const gateway of [b, c]) await expect.poll(() => statusOf(gateway, key), soon).toBe(401);
    expect(await statusOf(a, key)).toBe(401);
    for (const text of await Promise.all(streams.map((stream) => stream.text()))) {
      expect(text).toContain('revoked or has expired while the call was running');
      expect(text).not.toContain('[DONE]');
    }
  });

  test('limits, owners and their ends hold in the others as well', async () => {
    const key = await warmKey();
    await a.admin('/key/update', { key, models: ['free'] });
    await expect.poll(() => statusOf(b, key), soon).toBe(403);

    const { body: team } = await a.admin('/team/new', { team_alias: 'blue' });
    const ofTeam = await warmKey({ team_id: team.team_id });
    const stream = await openStream(c, ofTeam);
    await a.admin('/team/block', { team_id: team.team_id });
    await expect.poll(() => statusOf(b, ofTeam), soon).not.toBe(200);
    expect(await stream.text()).toContain('was blocked or deleted while the call was running');

    const { body: user } = await a.admin('/user/new', {});
    const ofUser = await warmKey({ user_id: user.user_id });
    await b.admin('/user/delete', { user_ids: [user.user_id] });
    await expect.poll(() => statusOf(c, ofUser), soon).not.toBe(200);
  });

  test('wait=all answers when the others refuse already: the very next call is refused', async () => {
    const key = await warmKey();
    const { status, body, headers } = await a.admin('/key/block?wait=all', { key });
    expect(status).toBe(200);
    expect(body.blocked).toBe(true);
    expect(body.laggards).toEqual([]);
    expect(body.acknowledged).toHaveLength(3);
    expect(body.acknowledged.map(({ pid }: { pid: number }) => pid).sort()).toEqual([a.pid, b.pid, c.pid].sort());
    expect(headers.get('x-latchkey-laggards')).toBe('0');
    for (const gateway of [b, c]) expect(await statusOf(gateway, key)).toBe(401);
  });

  test('a wait that nobody knows is refused before anything is changed', async () => {
    const key = await warmKey();
    expect((await a.admin('/key/block?wait=some', { key })).status).toBeGreaterThanOrEqual(400);
    expect((await a.admin('/key/block?wait=all&wait_timeout=-1', { key })).status).toBeGreaterThanOrEqual(400);
    expect(await statusOf(a, key)).toBe(200);
  });
});

test('a process that was stopped is named by whoever waits, and refuses with its first call after waking', async () => {
  const key = await warmKey();
  const stream = await openStream(b, key);
  process.kill(b.pid, 'SIGSTOP');
  try {
    const { status, body } = await a.admin('/key/block?wait=all&wait_timeout=2', { key });
    expect(status).toBe(200);
    expect(body.acknowledged.map(({ pid }: { pid: number }) => pid).sort()).toEqual([a.pid, c.pid].sort());
    expect(body.laggards).toMatchObject([{ pid: b.pid }]);
    expect(body.laggards[0].behind_seconds).toBeGreaterThan(1);
    await sleep(3_000);
    // Sent while it stands still, so that it is the first thing that it finds.
    const waiting = statusOf(b, key);
    await sleep(200);
    process.kill(b.pid, 'SIGCONT');
    expect(await waiting).toBe(401);
    expect(await stream.text()).toContain('revoked or has expired while the call was running');
  } finally {
    process.kill(b.pid, 'SIGCONT');
  }
  await expect
    .poll(async () => (await a.admin('/key/unblock?wait=all', { key })).body.laggards, { timeout: 10_000 })
    .toEqual([]);
  expect(await statusOf(b, key)).toBe(200);
});

test('each process tells how many there are and how current it is; one that has ended is not counted', async () => {
  const details = async () => (await a.admin('/health/readiness/details')).body;
  await expect.poll(async () => (await details()).live_processes, { timeout: 10_000 }).toBe(3);
  expect((await details()).change_feed_behind_seconds).toBeLessThan(60);
  await c.kill();
  await expect.poll(async () => (await details()).live_processes, { timeout: 10_000 }).toBe(2);
  const key = await a.newKey();
  expect((await a.admin('/key/block?wait=all', { key })).body.laggards).toEqual([]);
  await c.restart();
});

test('five that start at once on the schema of an earlier version: none serves before all of it is new, and all agree', {
  timeout: 180_000,
}, async () => {
  const old = await createTestDatabase();
  const connection = openTestConnection(old.url);
  const five: GatewayProcess[] = [];
  try {
    await migrateTo(connection, OLD_SCHEMA);
    await insertCall(connection, 'kept');
    const started = Array.from({ length: 5 }, async () => {
      const gateway = await startGateway({
        config: configFor(upstream, { counters: 'postgres' }),
        withMasterKey: false,
        env: { DATABASE_URL: old.url, LATCHKEY_SALT_KEY: SALT_KEY },
      });
      // It is ready now, so everything has to be there.
      const migrations = await listMigrations(connection);
      return { gateway, migrations };
    });
    for (const { gateway, migrations } of await Promise.all(started)) {
      five.push(gateway);
      expect(migrations).toEqual(ALL_MIGRATIONS);
    }
    const shown = five.flatMap((gateway) => gateway.logs().match(/^ {2}(sk-[\w-]{40,})$/m)?.[1] ?? []);
    expect(shown).toHaveLength(1);
    const headers = { authorization: `Bearer ${shown[0]}`, 'content-type': 'application/json' };
    for (const gateway of five) {
      const answer = await fetch(`${gateway.url}/key/generate`, { method: 'POST', headers, body: '{}' });
      expect(answer.status).toBe(200);
      const { key } = (await answer.json()) as { key: string };
      for (const each of five) expect(await statusOf(each, key)).toBe(200);
    }
    expect(await hasCall(connection, 'kept')).toBe(true);
  } finally {
    for (const gateway of five) await gateway.stop();
    await connection.close();
    await old.drop();
  }
});
