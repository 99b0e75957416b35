// Three gateways in processes of their own, as on three hosts, over one PostgreSQL, without and with Redis: what one of
// them admits is gone for the others, whatever happens to one of them. `npm run chaos` looks longer.

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeUpstreamProcess, spawnFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testRedis } from '../support/redis.ts';
import { readAllRows, runDoctor } from './read-ledger.ts';

const LONG = process.env.CHAOS_ROUNDS !== undefined;
const REVOCATIONS = LONG ? 200 : 15;
const STEADY_S = LONG ? Number(process.env.CHAOS_STEADY_SECONDS ?? 600) : 5;
const STEADY_CALLS_PER_SECOND = LONG ? 500 : 100;
/** Of the steady load: a machine that cannot keep up makes fewer calls, and the client does not drown. */
const MOST_IN_FLIGHT = 500;
/** Enough calls for each of them that slices stay. */
const KEYS = LONG ? 50 : 3;
const TEAMS = LONG ? 5 : 1;
/** A pool of ten, and the connection that hears of changes. */
const CONNECTIONS = 11;
const ENV = { LATCHKEY_SALT_KEY: 'salt of three processes' };

/** How a key can end: the act, what it belongs to, and what is asked for. */
interface Owners {
  first: Record<string, object>;
  key: Record<string, unknown>;
}
const NOBODY = (): Owners => ({ first: {}, key: {} });
const ENDS: readonly [path: string, of: (id: string) => Owners, toBody: (key: string, id: string) => object][] = [
  ['/key/block', NOBODY, (key) => ({ key })],
  ['/key/delete', NOBODY, (key) => ({ keys: [key] })],
  ['/key/regenerate', NOBODY, (key) => ({ key })],
  [
    '/user/delete',
    (id) => ({ first: { '/user/new': { user_id: id, auto_create_key: false } }, key: { user_id: id } }),
    (_, id) => ({ user_ids: [id] }),
  ],
  [
    '/team/delete',
    (id) => ({ first: { '/team/new': { team_id: id } }, key: { team_id: id } }),
    (_, id) => ({ team_ids: [id] }),
  ],
  [
    '/team/block',
    (id) => ({ first: { '/team/new': { team_id: id } }, key: { team_id: id } }),
    (_, id) => ({ team_id: id }),
  ],
];

describe.each(['PostgreSQL only', 'PostgreSQL and Redis'])('three processes on %s', (setUp) => {
  let database: TestDatabase;
  let upstream: FakeUpstreamProcess;
  let gateways: GatewayProcess[];
  let first: GatewayProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    await query('create extension pg_stat_statements');
    upstream = await spawnFakeUpstream();
    const redis = testRedis();
    const general = {
      master_key: 'sk-master-of-three-processes-0123456789',
      budget_mode: 'hard',
      redis_key_prefix: redis.prefix,
    };
    const env = {
      ...ENV,
      DATABASE_URL: database.url,
      ...(setUp === 'PostgreSQL only' ? {} : { REDIS_URL: redis.url }),
    };
    const start = () => startGateway({ config: configFor(upstream, general), env });
    gateways = await Promise.all([start(), start(), start()]);
    first = gateways[0] as GatewayProcess;
  }, 120_000);
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await upstream.close();
    await database.drop();
  }, 60_000);

  async function query(sql: string): Promise<Record<string, unknown>> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows?.[0] ?? {};
    } finally {
      await client.end();
    }
  }

  const post = (gateway: GatewayProcess, key: string, body: Record<string, unknown>) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }], ...body }),
    });

  /** 0: the process went away. */
  async function statusOf(gateway: GatewayProcess, key: string, model: string): Promise<number> {
    try {
      const answer = await post(gateway, key, { model });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return 0;
    }
  }

  /** So many at once, dealt out to the processes; how many came back with which status. */
  async function callAtOnce(count: number, key: string, model: string): Promise<Record<number, number>> {
    const byStatus: Record<number, number> = {};
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const status = await statusOf(gateways[index % 3] as GatewayProcess, key, model);
        byStatus[status] = (byStatus[status] ?? 0) + 1;
      }),
    );
    return byStatus;
  }
  /** As many as have limits of every kind, of their own and of teams'. */
  async function newLimitedKeys(): Promise<string[]> {
    const limits = { max_budget: 1_000_000, rpm_limit: 1_000_000, tpm_limit: 1_000_000_000 };
    const teams = await Promise.all(
      Array.from({ length: TEAMS }, async () => (await first.admin('/team/new', limits)).body.team_id as string),
    );
    return Promise.all(
      Array.from({ length: KEYS }, (_, index) => first.newKey({ ...limits, team_id: teams[index % TEAMS] })),
    );
  }

  /** Statements that write, in whatever transaction: how often each was carried out. */
  async function countWrites(): Promise<Map<string, number>> {
    const { writes } = await query(`select coalesce(json_object_agg(statement, calls), '{}') as writes from (
      select left(regexp_replace(query, '\\s+', ' ', 'g'), 60) as statement, sum(calls)::int as calls
      from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
        and query ~* '(insert +into|update +\\S+ +set|delete +from|counters_apply)' and query !~* '^create' group by 1) as counted`);
    return new Map(Object.entries(writes as Record<string, number>));
  }

  const spendShownBy = async (gateway: GatewayProcess, key: string) =>
    (await gateway.admin(`/key/info?key=${key}`)).body.info.spend;
  const details = async (gateway: GatewayProcess) => (await gateway.admin('/health/readiness/details')).body;

  test('a dollar buys ten calls of ten cents, out of two hundred at once', async () => {
    const key = await first.newKey({ max_budget: 1 });
    await upstream.reset();
    expect(await callAtOnce(200, key, 'dime')).toEqual({ 200: 10, 400: 190 });
    expect((await upstream.stats()).received).toBe(10);
    for (const gateway of gateways) expect(await spendShownBy(gateway, key)).toBe(1);
  });

  test('sixty requests a minute are sixty', async () => {
    const key = await first.newKey({ rpm_limit: 60 });
    await upstream.reset();
    expect(await callAtOnce(200, key, 'free')).toEqual({ 200: 60, 429: 140 });
    expect((await upstream.stats()).received).toBe(60);
  });

  test('five at a time are never more than five at the upstream', async () => {
    const key = await first.newKey({ max_parallel_requests: 5 });
    await upstream.reset();
    for (let round = 0; round < 4; round += 1) {
      const byStatus = await callAtOnce(30, key, 'slow-dime');
      expect(byStatus[200]).toBeGreaterThanOrEqual(5);
    }
    expect((await upstream.stats()).maxInFlight).toBe(5);
  });

  test('a revocation reaches every process, streams included', async () => {
    const tookMs: number[] = [];
    for (let round = 0; round < REVOCATIONS; round += 1) {
      const [path, fields, toBody] = ENDS[round % ENDS.length] as (typeof ENDS)[number];
      const owners = fields(`owner-${round}`);
      for (const [make, body] of Object.entries(owners.first)) expect((await first.admin(make, body)).status).toBe(200);
      const key = await first.newKey(owners.key);
      for (const gateway of gateways) expect(await statusOf(gateway, key, 'mocked')).toBe(200);
      const stream = await post(gateways[2] as GatewayProcess, key, {
        model: 'fake/frames-2000+every-50ms',
        stream: true,
      });
      const askedAt = performance.now();
      expect((await first.admin(path, toBody(key, `owner-${round}`))).status, path).toBe(200);
      for (const gateway of gateways) {
        await expect.poll(() => statusOf(gateway, key, 'mocked'), { timeout: 5_000, interval: 5 }).toBe(401);
      }
      expect(await stream.text(), path).toMatch(
        /(revoked or has expired|blocked or deleted) while the call was running/,
      );
      tookMs.push(performance.now() - askedAt);
    }
    tookMs.sort((x, y) => x - y);
    const at = (part: number) => Math.round(tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * part))] ?? 0);
    console.log(
      `revocation on ${setUp}, the act to the last refusal: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (${REVOCATIONS})`,
    );
    // Where other tests share the cores, any of them may wait for those.
    if (LONG) expect(at(0.99)).toBeLessThan(1_000);
    const key = await first.newKey();
    for (const gateway of gateways) expect(await statusOf(gateway, key, 'mocked')).toBe(200);
    const { body } = await first.admin('/key/block?wait=all', { key });
    expect(body.acknowledged).toHaveLength(3);
    for (const gateway of gateways) expect(await statusOf(gateway, key, 'mocked')).toBe(401);
  }, 300_000);

  test('a process that is killed with fifty calls in flight leaves no hold and no bill behind', async () => {
    const key = await first.newKey({ max_budget: 8, max_parallel_requests: 60 });
    await upstream.reset();
    const victim = gateways[1] as GatewayProcess;
    await upstream.set({ latencyMs: 5_000 });
    const calls = Array.from({ length: 50 }, () => statusOf(victim, key, 'dime'));
    await expect.poll(async () => (await upstream.stats()).received, { timeout: 20_000 }).toBe(50);
    await victim.kill();
    await upstream.set({ latencyMs: 0 });
    expect((await Promise.all(calls)).filter((status) => status === 0)).toHaveLength(50);
    await victim.restart();
    await expect.poll(async () => (await details(first)).open_holds, { timeout: 60_000, interval: 500 }).toBe(0);
    for (const gateway of gateways) await expect.poll(() => spendShownBy(gateway, key), { timeout: 10_000 }).toBe(5);
    // What they cost is gone: thirty are left of eighty.
    expect(await callAtOnce(100, key, 'dime')).toEqual({ 200: 30, 400: 70 });
    expect((await upstream.stats()).received).toBe(80);
    const rows = (await readAllRows(first)).filter(({ spend }) => spend === 0.1);
    expect(rows.filter(({ status }) => status === 'unsettled')).toHaveLength(50);
    await expect
      .poll(() => runDoctor(first, { ...ENV, DATABASE_URL: database.url }), { timeout: 20_000, interval: 1_000 })
      .toMatchObject({ ok: true });
  }, 150_000);

  test(
    `${STEADY_S} s at ${STEADY_CALLS_PER_SECOND} calls a second: no deadlock, pools hold, few writes`,
    async () => {
      const keys = await newLimitedKeys();
      await callAtOnce(30, keys[0] as string, 'mocked');
      const before = await countWrites();
      let made = 0;
      let most = 0;
      const refused: number[] = [];
      const running = new Set<Promise<void>>();
      const startedAt = performance.now();
      const timer = setInterval(() => {
        const due = ((performance.now() - startedAt) / 1_000) * STEADY_CALLS_PER_SECOND;
        while (made < due && running.size < MOST_IN_FLIGHT) {
          made += 1;
          const one = statusOf(gateways[made % 3] as GatewayProcess, keys[made % keys.length] as string, 'mocked').then(
            (status) => {
              if (status !== 200) refused.push(status);
            },
          );
          running.add(one);
          void one.finally(() => running.delete(one));
        }
      }, 20);
      const endAt = Date.now() + STEADY_S * 1_000;
      while (Date.now() < endAt) {
        await sleep(500);
        const { n } = await query(
          "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'latchkey'",
        );
        most = Math.max(most, Number(n));
      }
      clearInterval(timer);
      await Promise.all(running);
      // Sessions say what they have done once a second.
      await sleep(2_000);
      const after = await countWrites();
      const byStatement = [...after]
        .map(([statement, calls]) => [statement, calls - (before.get(statement) ?? 0)] as const)
        .filter(([, calls]) => calls > 0)
        .sort(([, one], [, other]) => other - one);
      const writes = byStatement.reduce((sum, [, calls]) => sum + calls, 0);
      const { deadlocks } = await query(
        'select deadlocks::int from pg_stat_database where datname = current_database()',
      );
      const figures = {
        calls: made,
        seconds: STEADY_S,
        writes,
        callsPerWrite: (made / writes).toFixed(1),
        deadlocks,
        connections: most,
      };
      console.log(`steady load on ${setUp}: ${JSON.stringify({ ...figures, byStatement })}`);
      expect(refused).toEqual([]);
      expect(deadlocks).toBe(0);
      expect(most).toBeLessThanOrEqual(3 * CONNECTIONS);
      expect(made / writes).toBeGreaterThan(LONG ? 20 : 1);
    },
    (STEADY_S + 120) * 1_000,
  );
});
