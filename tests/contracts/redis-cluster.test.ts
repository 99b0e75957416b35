// Counters in a cluster whose slots move, for a user who may do no more than the manual says.

import { afterEach, expect, test } from 'vitest';
import type { Hold } from '../../src/core/charge.ts';
import { createRedisBell } from '../../src/counters/redis-bell.ts';
import type { RedisCounterOptions } from '../../src/counters/redis-counters.ts';
import { testRedisCluster } from '../support/redis.ts';
import { command, moveSlot } from '../support/redis-groups.ts';
import {
  type CountingProcess,
  type CountingProcesses,
  charge,
  grants,
  hold,
  LEASE,
  openProcesses,
  untilUp,
} from '../support/redis-processes.ts';

const cluster = testRedisCluster();
const opened: CountingProcesses[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function open(count: number, options: Partial<RedisCounterOptions>): Promise<CountingProcesses> {
  const made = await openProcesses(count, { address: cluster.address, timeoutMs: 1_000, ...options });
  opened.push(made);
  return made;
}

test('caps hold while the slot of the counters moves to another node, and after it has', async () => {
  const { prefix } = testRedisCluster();
  const { processes, states } = await open(3, { prefix });
  const [a, b, c] = processes as [CountingProcess, CountingProcess, CountingProcess];
  const [money, slots] = [charge('nano_usd', 10), charge('slots', 3)];
  for (const process of [a, b, c, a]) await process.settle(await hold(process, money), 1);
  const running = [await hold(b, money, slots), await hold(c, slots)];

  await moveSlot(cluster.servers, prefix, async () => {
    // What is new cannot be told from what has moved.
    const unknown = { ...charge('nano_usd', 5), counter: 'key:key_2/nano_usd' };
    await expect(a.counters.reserve([unknown], Date.now(), LEASE)).rejects.toMatchObject({ status: 503 });
    expect(await grants(processes, 30, slots)).toBeLessThanOrEqual(1);
  });
  await expect.poll(() => states.every((log) => log.includes('rebuilding')), { timeout: 10_000 }).toBe(true);
  await untilUp(processes);
  expect(await grants(processes, 30, money)).toBe(5);
  for (const one of running) await b.settle(one as Hold, 0);
  for (const log of states) expect(log).toEqual(['up', 'down', 'rebuilding', 'up']);
});

test('a user with the rights that the manual names counts and rings', async () => {
  const { prefix } = testRedisCluster();
  const [username, password] = [`user-${prefix}`, 'a password: with @ in it'];
  const rights = [
    ...['+@hash', '+@set', '+@sortedset', '+@string', '+@keyspace', '+@scripting', '+time', '+info'],
    ...['+publish', '+subscribe', '+cluster|slots', '+cluster|keyslot', `~{${prefix}}*`, `&{${prefix}}:changes`],
  ];
  for (const server of cluster.servers)
    await command(server, 'ACL', 'SETUSER', username, 'on', `>${password}`, ...rights);
  if (cluster.address.form !== 'cluster') throw new Error('not a cluster');
  const address = { ...cluster.address, username, password };
  const { processes } = await open(2, { prefix, address });
  expect(await grants(processes, 30, charge('nano_usd', 10))).toBe(10);

  const bells = [createRedisBell({ address, prefix }), createRedisBell({ address, prefix })] as const;
  let heard = 0;
  bells[1].onRing(() => {
    heard += 1;
  });
  const ringing = setInterval(() => bells[0].ring(), 20);
  await expect.poll(() => heard, { timeout: 10_000 }).toBeGreaterThan(0);
  clearInterval(ringing);
  for (const bell of bells) bell.close();
});
