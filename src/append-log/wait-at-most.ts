import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the promise settles, either way, or the time is up. */
export async function waitAtMost(limitMs: number, promise: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const settled = promise.catch(() => {}).finally(() => timer.abort());
  await Promise.race([settled, sleep(limitMs, undefined, { signal: timer.signal }).catch(() => {})]);
}
