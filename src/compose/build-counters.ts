import type { pino } from 'pino';
import type { Config, RedisConfig } from '../config/config.ts';
import type { Counters } from '../counters/counters.ts';
import { createCountersThroughOutages } from '../counters/counters-through-outages.ts';
import { createMemoryCounters } from '../counters/memory-counters.ts';
import { createPostgresCounters } from '../counters/postgres-counters.ts';
import type { RedisState } from '../counters/redis-counters.ts';
import { createSlicedCounters } from '../counters/sliced-counters.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createExecuteSql } from '../storage/execute-sql.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import { readRecentBalanceChanges } from '../storage/recent-balance-changes.ts';

/** What is counted, and how Redis is doing; null: it is not counted there. */
export interface CounterParts {
  counters: Counters;
  redisState: (() => RedisState) | null;
}

interface Parts {
  storage: Pick<OpenStorage, 'dialect' | 'reads' | 'writes' | 'processes'>;
  ledger: Pick<Ledger, 'balances' | 'flush'>;
  processId: string;
  /** The clock is a test's: no other has a say in what time it is. */
  ownClock: boolean;
  logger: pino.Logger;
}

/**
 * Bills of other processes are in the database by then, in anything but an outage: a busy process ships every five
 * intervals, and the shipment takes its time.
 */
const LEAST_BILL_LAG_MS = 1_000;
const BILL_LAG_IN_SHIPMENTS = 8;
/** Each process hears from Redis every quarter of a second. */
const FENCE_MS = 500;

/** Where what fills up is counted: in this process, or in the database or the Redis that it shares with others. */
export async function buildCounters(config: Pick<Config, 'general' | 'redis'>, parts: Parts): Promise<CounterParts> {
  const { ledger, storage } = parts;
  const shared = await countShared(config, parts);
  if (shared === null) {
    return { counters: createMemoryCounters({ loadBalances: (ids) => ledger.balances(ids) }), redisState: null };
  }
  if (!config.general.counterSlices) return shared;
  const counters = createSlicedCounters({ store: shared.counters, sharers: storage.processes.sharers });
  return { ...shared, counters };
}

/** Null: nobody shares them. */
async function countShared(config: Pick<Config, 'general' | 'redis'>, parts: Parts): Promise<CounterParts | null> {
  if (config.general.counters === 'redis' && config.redis !== null) return countInRedis(config.redis, config, parts);
  if (config.general.counters !== 'postgres') return null;
  return { counters: countInPostgres(config.general.countersFailMode, parts), redisState: null };
}

function countInPostgres(
  mode: Config['general']['countersFailMode'],
  { storage, ledger, processId, ownClock, logger }: Parts,
): Counters {
  if (storage.dialect !== 'postgres') {
    throw new Error(
      'general_settings.counters is postgres, but the database is SQLite: give database_url, or leave it out.',
    );
  }
  const store = createPostgresCounters({
    execute: createExecuteSql(storage.writes),
    processId,
    loadBalances: (ids) => ledger.balances(ids),
    recentChanges: () => readRecentBalanceChanges(storage.reads),
    timeOf: ownClock ? 'caller' : 'database',
    onRefused: (error) => logger.error({ err: error }, 'The database refused a step of the counters'),
  });
  return createCountersThroughOutages({
    store,
    processId,
    mode,
    liveProcesses: storage.processes.live,
    onAway: (away, cause) => {
      if (away) logger.warn({ err: cause, failMode: mode }, 'Limits cannot be counted in the database');
      else logger.info({ failMode: mode }, 'Limits are counted in the database again');
    },
  });
}

async function countInRedis(
  address: RedisConfig,
  { general }: Pick<Config, 'general'>,
  { storage, ledger, processId, ownClock, logger }: Parts,
): Promise<CounterParts> {
  const failMode = general.countersFailMode;
  // The client takes megabytes, which only those pay who use it.
  const { createRedisCounters } = await import('../counters/redis-counters.ts');
  const counters = await createRedisCounters({
    address,
    processId,
    loadBalances: (ids) => ledger.balances(ids),
    flushLedger: () => ledger.flush(),
    liveProcesses: storage.processes.live,
    failMode,
    timeoutMs: general.redisTimeoutMs,
    billLagMs: Math.max(LEAST_BILL_LAG_MS, BILL_LAG_IN_SHIPMENTS * general.shipEveryMs),
    prefix: general.redisKeyPrefix,
    clock: ownClock ? 'caller' : 'redis',
    fenceMs: FENCE_MS,
    onStateChange: (state, reason) => {
      if (state === 'up') logger.info({ redis: state, reason, failMode }, 'Limits are counted in Redis');
      else logger.warn({ redis: state, reason, failMode }, 'Limits cannot be counted in Redis');
    },
  });
  const state = counters.state();
  if (state !== 'up') logger.warn({ redis: state, reason: counters.trouble(), failMode }, 'Started without Redis');
  return { counters, redisState: counters.state };
}
