import type { Redis } from 'ioredis';
import { createRedisClient, leaveWhenSilent, type RedisAddress } from './redis-client.ts';

/** Tells processes that there is something to look at. What it is, and whether it is true, is the database's to say. */
export interface RedisBell {
  /** Rings in the other processes, and in this one; several at once are one. Never fails: a ring may be lost. */
  ring(): void;
  onRing(listener: () => void): void;
  close(): void;
}

const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;
const SILENCE_MS = 2_000;

/**
 * Redis's pub/sub as a bell. It carries nothing, so nobody who can write to Redis can make a process believe anything;
 * and as rings get lost with the connection, nobody may rely on being told.
 *
 * @param address may hold a password
 * @param prefix of all names in Redis
 */
export function createRedisBell({ address, prefix }: { address: RedisAddress; prefix: string }): RedisBell {
  const tag = `{${prefix}}`;
  const channel = `${tag}:changes`;
  let heard = (): void => {};
  let ringing = false;
  const open = (): Redis => {
    const redis = createRedisClient(address, tag, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: () => RECONNECT_MS,
    });
    // Counters in the same Redis report its state; here its absence changes nothing.
    redis.on('error', () => {});
    redis.connect().catch(() => {});
    return redis;
  };
  const speaker = open();
  const listener = open();
  const endings = [speaker, listener].map((redis) => leaveWhenSilent(redis, SILENCE_MS));
  listener.on('ready', () => void listener.subscribe(channel).catch(() => {}));
  listener.on('message', () => heard());

  return {
    ring() {
      if (ringing) return;
      ringing = true;
      setImmediate(() => {
        ringing = false;
        if (speaker.status === 'ready') speaker.publish(channel, '').catch(() => {});
      });
    },
    onRing(listen) {
      heard = listen;
    },
    close() {
      for (const end of endings) end();
      speaker.disconnect();
      listener.disconnect();
    },
  };
}
