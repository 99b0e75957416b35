// A primary that dies, or stands still, and whose replica takes over without its last writes: in a cluster, and behind
// sentinels. Caps hold, for counters alone and over three gateways. Only in `npm run chaos`: failovers take their time.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Hold } from '../../src/core/charge.ts';
import { createRedisBell, type RedisBell } from '../../src/counters/redis-bell.ts';
import { spawnFakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import { createTestDatabase } from '../support/postgres.ts';
import {
  command,
  ownerOf,
  type RedisGroup,
  startRedisCluster,
  startRedisWithSentinels,
} from '../support/redis-groups.ts';
import { type CountingProcess, charge, grants, hold, openProcesses, untilUp } from '../support/redis-processes.ts';
import type { RedisServer } from '../support/redis-server.ts';

const LONG = process.env.CHAOS_ROUNDS !== undefined;
const FAILOVER_MS = 30_000;

interface Group extends RedisGroup {
  primary: RedisServer;
  replica: RedisServer;
}

async function startCluster(prefix: string): Promise<Group> {
  const group = await startRedisCluster(prefix);
  return { ...group, primary: await ownerOf(group.servers, prefix), replica: group.servers.at(-1) as RedisServer };
}

async function startSentinels(): Promise<Group> {
  const group = await startRedisWithSentinels();
  const [primary, replica] = group.servers as [RedisServer, RedisServer];
  return { ...group, primary, replica };
}

describe.runIf(LONG).each([
  ['a cluster', startCluster],
  ['sentinels', startSentinels],
])('a failover in %s', (_name, start) => {
  test.each([
    ['killed', (primary: RedisServer) => primary.kill(), () => {}],
    ['stopped', (primary: RedisServer) => primary.pause(), (primary: RedisServer) => primary.resume()],
  ])(
    'of a primary that is %s: what its replica lacks is read back from the ledger',
    async (_how, lose, bringBack) => {
      const prefix = randomUUID();
      const group = await start(prefix);
      const { processes, states, close } = await openProcesses(3, { address: group.address, prefix });
      const bells = [0, 1].map(() => createRedisBell({ address: group.address, prefix }));
      const [speaker, listener] = bells as [RedisBell, RedisBell];
      const isHeard = () =>
        new Promise<boolean>((resolve) => {
          listener.onRing(() => resolve(true));
          speaker.ring();
          setTimeout(() => resolve(false), 200);
        });
      try {
        const [a, b, c] = processes as [CountingProcess, CountingProcess, CountingProcess];
        const [money, slots] = [charge('nano_usd', 10), charge('slots', 3)];
        for (const process of [a, b]) await process.settle(await hold(process, money), 1);
        await sleep(200);
        await expect.poll(isHeard, { timeout: 10_000 }).toBe(true);
        // What is written from here on does not reach it.
        group.replica.pause();
        await command(group.primary, 'CLIENT', 'KILL', 'TYPE', 'REPLICA');
        for (const process of [c, a]) await process.settle(await hold(process, money), 1);
        const running = [await hold(b, money, slots), await hold(c, slots)];
        lose(group.primary);
        group.replica.resume();
        const lostAtMs = Date.now();
        await expect.poll(() => states.every((log) => log.includes('down')), { timeout: FAILOVER_MS }).toBe(true);
        await untilUp(processes, FAILOVER_MS);
        console.log(`a new primary counts ${Date.now() - lostAtMs} ms after the old one was lost`);
        expect(await grants(processes, 30, money)).toBe(5);
        expect(await grants(processes, 30, slots)).toBe(1);
        for (const log of states) expect(log).toEqual(['up', 'down', 'rebuilding', 'up']);

        await expect.poll(isHeard, { timeout: 10_000 }).toBe(true);

        // The old primary returns, and takes itself for one until it is told.
        bringBack(group.primary);
        await sleep(3_000);
        expect(await grants(processes, 30, money)).toBe(0);
        for (const one of running) await b.settle(one as Hold, 0);
        for (const log of states) expect(log).toEqual(['up', 'down', 'rebuilding', 'up']);
      } finally {
        for (const bell of bells) bell.close();
        await close();
        await group.stop();
      }
    },
    120_000,
  );

  test('three gateways go on by themselves, caps hold, and each change is said once', async () => {
    const prefix = 'failover';
    const group = await start(prefix);
    const database = await createTestDatabase();
    const upstream = await spawnFakeUpstream();
    const general = {
      master_key: 'sk-master-of-three-gateways-0123456789',
      budget_mode: 'hard',
      redis_key_prefix: prefix,
    };
    const config = configFor(upstream, general);
    const env = { LATCHKEY_SALT_KEY: 'salt of three gateways', DATABASE_URL: database.url, ...group.env };
    const gateways = await Promise.all(Array.from({ length: 3 }, () => startGateway({ config, env })));
    try {
      const statusOf = async (key: string, index: number): Promise<number> => {
        const answer = await fetch(`${gateways[index % 3]?.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'dime', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }),
        });
        await answer.arrayBuffer();
        return answer.status;
      };
      const callAtOnce = async (key: string, count: number) => {
        const all = await Promise.all(Array.from({ length: count }, (_, index) => statusOf(key, index)));
        return all.filter((status) => status === 200).length;
      };
      const first = gateways[0] as (typeof gateways)[0];
      const key = await first.newKey({ max_budget: 2 });
      expect(await callAtOnce(key, 4)).toBe(4);
      group.primary.kill();
      // Whatever is asked meanwhile is admitted within the budget, or refused.
      const meanwhile = await callAtOnce(key, 9);
      expect(meanwhile).toBeLessThanOrEqual(9);
      const states = () =>
        Promise.all(gateways.map(async (one) => (await one.admin('/health/readiness')).body.redis as string));
      const said = (message: string) => gateways.map((one) => one.logs().split(`"${message}"`).length - 1);
      await expect.poll(() => said('Limits are counted in Redis'), { timeout: FAILOVER_MS }).toEqual([2, 2, 2]);
      await expect.poll(states, { timeout: FAILOVER_MS }).toEqual(['up', 'up', 'up']);
      expect(await callAtOnce(key, 60)).toBe(16 - meanwhile);
      expect((await upstream.stats()).received).toBe(20);
      for (const gateway of gateways) {
        const told = [...gateway.logs().matchAll(/"redis":"(\w+)","reason"/g)].map(([, state]) => state);
        expect(told.filter((state, index) => state === told[index - 1])).toEqual([]);
        expect(told.slice(0, 3)).toEqual(['up', 'down', 'rebuilding']);
        // A busy machine may have kept the new primary waiting once more.
        expect(told.length).toBeLessThanOrEqual(6);
        expect(told.at(-1)).toBe('up');
      }
      for (const gateway of gateways)
        for (const secret of [group.env.REDIS_PASSWORD, group.env.REDIS_SENTINEL_PASSWORD])
          if (secret !== undefined) expect(gateway.logs()).not.toContain(secret);
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await upstream.close();
      await database.drop();
      await group.stop();
    }
  }, 180_000);
});
