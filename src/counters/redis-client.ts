import { Redis } from 'ioredis';
import { type ClientOptions, clusterConnector, type RedisNode } from './redis-cluster-connector.ts';

/** How the servers are spoken to that hold data. */
export interface RedisAccess {
  username: string | null;
  password: string | null;
  tls: boolean;
}

/** One server; the primary that sentinels name; or the node of a cluster that serves the slot of our keys. */
export type RedisAddress =
  | {
      form: 'single';
      /** `redis://` or `rediss://`; holds the password. */
      url: string;
    }
  | (RedisAccess & {
      form: 'cluster';
      /** Any of its nodes: the others are learned from them. */
      nodes: readonly RedisNode[];
    })
  | (RedisAccess & {
      form: 'sentinel';
      /** Sentinels, not servers. */
      nodes: readonly RedisNode[];
      serviceName: string;
      sentinelPassword: string | null;
      db: number | null;
    });

const LOOK_AGAIN_MS = 200;
/** A server that is left does not have to agree: it may stand still. */
const PARTING_MS = 200;

/**
 * A client that is connected to one server at a time, whatever the form: after a loss of the connection it asks anew where
 * to go. So whoever lives through a failover sees a connection end, and another server at the next one; no call is passed
 * on behind anybody's back to a server that may lack the last writes.
 *
 * @param tag the hash tag, in braces, with which the names of all keys begin
 */
export function createRedisClient(
  address: RedisAddress,
  tag: string,
  options: ClientOptions & { connectTimeout: number },
): Redis {
  const common: ClientOptions = {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    keepAlive: 10_000,
    ...options,
  };
  if (address.form === 'single') return new Redis(address.url, common);
  const { username, password, tls, nodes } = address;
  const access: ClientOptions = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
  };
  const elsewhere: ClientOptions = { ...common, ...access, disconnectTimeout: PARTING_MS };
  if (address.form === 'cluster') {
    const Connector = clusterConnector({
      nodes,
      tag,
      access,
      timeoutMs: options.connectTimeout,
      lookAgainMs: LOOK_AGAIN_MS,
      partingMs: PARTING_MS,
    });
    return new Redis({ ...elsewhere, Connector });
  }
  return new Redis({
    ...elsewhere,
    sentinels: [...nodes],
    name: address.serviceName,
    ...(address.sentinelPassword === null ? {} : { sentinelPassword: address.sentinelPassword }),
    ...(address.db === null ? {} : { db: address.db }),
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    sentinelCommandTimeout: options.connectTimeout,
    sentinelRetryStrategy: () => LOOK_AGAIN_MS,
  });
}

/**
 * Leaves a server that says nothing for so long, connected though it is: another one may have taken its place. For
 * connections on which nothing else is waited for. Returns what ends it.
 */
export function leaveWhenSilent(redis: Redis, silenceMs: number): () => void {
  let heardAtMs = performance.now();
  const hear = (): void => {
    heardAtMs = performance.now();
  };
  redis.on('connect', hear);
  const timer = setInterval(() => {
    if (redis.status !== 'connect' && redis.status !== 'ready') return;
    if (performance.now() - heardAtMs > 2 * silenceMs) redis.disconnect(true);
    // A refusal is a sign of life as well.
    else if (redis.status === 'ready') redis.ping().then(hear, hear);
  }, silenceMs);
  timer.unref();
  return () => clearInterval(timer);
}
