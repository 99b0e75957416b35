import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';

/** The run's Redis, and a prefix that nobody else uses there. */
export function testRedis(): { url: string; prefix: string } {
  return { url: inject('redisUrl'), prefix: `test-${randomUUID()}` };
}
