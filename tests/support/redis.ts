import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { RedisAddress } from '../../src/counters/redis-client.ts';
import type { RedisPort } from './redis-groups.ts';

/** The run's Redis, and a prefix that nobody else uses there. */
export function testRedis(): { address: RedisAddress; prefix: string; url: string } {
  const url = inject('redisUrl');
  return { url, address: { form: 'single', url }, prefix: `test-${randomUUID()}` };
}

/** The run's cluster, which must stay whole, and a prefix that nobody else uses there. */
export function testRedisCluster(): ReturnType<typeof testRedis> & {
  env: Record<string, string>;
  servers: readonly RedisPort[];
} {
  return { ...testRedis(), ...inject('redisCluster') };
}
