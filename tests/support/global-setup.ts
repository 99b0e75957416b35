// Gives the black-box tests one PostgreSQL server, one Redis and one cluster of Redis servers for the whole run; each test
// file makes its own database in the first with createTestDatabase(), and takes its own prefix in the others with testRedis()
// and testRedisCluster(). Unit tests never come here.

import type { TestProject } from 'vitest/node';
import type { RedisAddress } from '../../src/counters/redis-client.ts';
import { startPostgres } from './postgres-server.ts';
import { type RedisPort, startRedisCluster } from './redis-groups.ts';
import { startRedis } from './redis-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server's administrative database. */
    postgresUrl: string;
    redisUrl: string;
    redisCluster: { address: RedisAddress; env: Record<string, string>; servers: RedisPort[] };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await Promise.allSettled([startPostgres(), startRedis(), startRedisCluster()] as const);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)));
  };
  const [postgres, redis, cluster] = started;
  if (postgres.status === 'rejected' || redis.status === 'rejected' || cluster.status === 'rejected') {
    await stop();
    throw started.find((one) => one.status === 'rejected')?.reason;
  }
  project.provide('postgresUrl', postgres.value.url);
  project.provide('redisUrl', redis.value.url);
  const { address, env, servers } = cluster.value;
  project.provide('redisCluster', { address, env, servers: servers.map(({ port, password }) => ({ port, password })) });
  return stop;
}
