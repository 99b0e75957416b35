// The stores that counters can be kept in, each empty when it is made.

import { randomUUID } from 'node:crypto';
import type { Counters, LoadBalances } from '../../src/counters/counters.ts';
import { createCountersThroughOutages } from '../../src/counters/counters-through-outages.ts';
import { createMemoryCounters } from '../../src/counters/memory-counters.ts';
import { createPostgresCounters } from '../../src/counters/postgres-counters.ts';
import { createRedisCounters } from '../../src/counters/redis-counters.ts';
import { createSlicedCounters } from '../../src/counters/sliced-counters.ts';
import { type Connection, openConnection } from '../../src/storage/connection.ts';
import { createExecuteSql } from '../../src/storage/execute-sql.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { emptyCounters } from '../support/empty-counters.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { testRedis, testRedisCluster } from '../support/redis.ts';
import { type RedisGroup, startRedisWithSentinels } from '../support/redis-groups.ts';

/** Set by `npm run chaos`. */
const LONG = process.env.CHAOS_ROUNDS !== undefined;

export interface CounterStore {
  /**
   * The counters of one more process on this store. A memory is that of one process: there they are the same each time,
   * with the ledger of the first.
   */
  open(loadBalances: LoadBalances): Promise<Counters>;
  /** Closes what was opened and forgets everything. */
  close(): Promise<void>;
}

export interface CounterStoreKind {
  name: string;
  create(): Promise<CounterStore>;
}

export const COUNTER_STORES: readonly CounterStoreKind[] = [
  { name: 'memory', create: createMemoryStore },
  { name: 'PostgreSQL', create: createPostgresStore },
  { name: 'Redis', create: () => createRedisStore(testRedis()) },
  { name: 'a Redis Cluster', create: () => createRedisStore(testRedisCluster()) },
  ...(LONG ? [{ name: 'Redis behind sentinels', create: createSentinelStore }] : []),
  { name: 'slices of PostgreSQL', create: () => createSlices(createPostgresStore()) },
  { name: 'slices of Redis', create: () => createSlices(createRedisStore(testRedis())) },
];

async function createMemoryStore(): Promise<CounterStore> {
  let counters: Counters | undefined;
  return {
    async open(loadBalances) {
      counters ??= createMemoryCounters({ loadBalances });
      return counters;
    },
    close: async () => counters?.close(),
  };
}

/** The database is made and migrated once; every store that is made empties its tables. */
let connection: Promise<Connection> | undefined;

async function openDatabase(): Promise<Connection> {
  const { url } = await createTestDatabase();
  await migrate(url);
  return openConnection({ url, poolSize: 8, queryTimeoutMs: 30_000 });
}

async function createPostgresStore(): Promise<CounterStore> {
  connection ??= openDatabase();
  const execute = createExecuteSql((await connection).writes);
  await emptyCounters(execute);
  const opened: Counters[] = [];
  return {
    async open(loadBalances) {
      const processId = `process_${opened.length}`;
      const counters = createCountersThroughOutages({
        store: createPostgresCounters({ execute, processId, loadBalances, timeOf: 'caller' }),
        processId,
        mode: 'local',
        liveProcesses: () => 3,
        onAway: () => {},
      });
      opened.push(counters);
      return counters;
    },
    close: async () => {
      await Promise.all(opened.map((counters) => counters.close()));
    },
  };
}

/** Started by the first test that needs them, and gone with the process of the tests. */
let sentinels: Promise<RedisGroup> | undefined;

async function createSentinelStore(): Promise<CounterStore> {
  sentinels ??= startRedisWithSentinels();
  const { address } = await sentinels;
  return createRedisStore({ ...testRedis(), address });
}

async function createRedisStore(redis: ReturnType<typeof testRedis>): Promise<CounterStore> {
  const opened: Counters[] = [];
  return {
    async open(loadBalances) {
      const counters = await createRedisCounters({
        address: redis.address,
        prefix: redis.prefix,
        processId: randomUUID(),
        loadBalances,
        flushLedger: async () => {},
        liveProcesses: () => opened.length + 1,
        failMode: 'closed',
        timeoutMs: 5_000,
        billLagMs: 0,
        clock: 'caller',
        fenceMs: 0,
        onStateChange: () => {},
      });
      opened.push(counters);
      return counters;
    },
    async close() {
      for (const counters of opened) await counters.close();
    },
  };
}

/** Each process on the store with slices of its own. */
async function createSlices(made: Promise<CounterStore>): Promise<CounterStore> {
  const store = await made;
  return {
    ...store,
    open: async (loadBalances) => createSlicedCounters({ store: await store.open(loadBalances), sharers: () => 3 }),
  };
}
