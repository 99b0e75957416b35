import type { pino } from 'pino';
import type { Counters } from '../counters/counters.ts';
import { isUnavailable } from '../counters/store-away.ts';
import type { LiveCalls } from '../gateway/live-calls.ts';
import { startTicker, type Ticker } from '../jobs/ticker.ts';
import type { Sinks } from '../sinks/sinks.ts';
import { TICK_MS } from '../storage/freshness.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import type { AlertJob } from './build-alerts.ts';
import type { MasterKeyFollower } from './follow-master-key.ts';
import type { RequestLog } from './request-log.ts';

/** Often enough that an expired key's streams end within the second. */
const SWEEP_EVERY_MS = 250;
/** What calls of this process used is told to the other processes so often, where limits are shared. */
const TEND_COUNTERS_EVERY_MS = 250;
const READ_MASTER_KEY_EVERY_MS = 500;
const HEARTBEAT_EVERY_MS = 1_000;
/** A bill that nobody else will ship is in the database well within a minute. */
const TAKE_OVER_EVERY_MS = 5_000;
/** Records that a process has left are under way within seconds, and spools hardly larger than they may be. */
const TEND_SINKS_EVERY_MS = 2_000;
const FLUSH_LAST_ACTIVE_EVERY_MS = 10_000;
const STORE_END_USERS_EVERY_MS = 1_000;
const COUNT_REFUSALS_EVERY_MS = 10_000;
const ROTATE_KEYS_EVERY_MS = 1_000;
const FLUSH_LOG_EVERY_MS = 500;
const PRUNE_EVERY_MS = 3_600_000;
/** Bills have the database for most of the time while rows are taken away. */
const EXPIRE_CALLS_EVERY_MS = 1_000;
const ADD_DAYS_EVERY_MS = 600_000;
/** While there is something to seal anew; otherwise it is a look at the clock. */
const RESEAL_EVERY_MS = 1_000;

/** What happens on a timer. Nothing that enforces a limit is among it: windows end by the clock alone. */
export function startJobs(parts: {
  storage: OpenStorage;
  counters: Counters;
  live: LiveCalls;
  lastActive: { flush(): Promise<void> };
  endUsers: { flush(): Promise<void> };
  refusals: { flush(): Promise<void> };
  masterKeyFollower: MasterKeyFollower | null;
  takeOverJournals: () => Promise<void>;
  sinks: Pick<Sinks, 'tend'>;
  rotateKeys: () => Promise<void>;
  addDays: () => Promise<void>;
  expireCalls: () => Promise<void>;
  resealSecrets: () => Promise<void>;
  alertJobs: readonly AlertJob[];
  requestLog: RequestLog;
  nowMs: () => number;
  logger: pino.Logger;
}): Ticker[] {
  const { storage, counters, live, lastActive, endUsers, refusals, masterKeyFollower, requestLog, nowMs, logger } =
    parts;
  const every = (everyMs: number, name: string, run: () => unknown): Ticker => {
    let failures = 0;
    return startTicker({
      everyMs,
      async run() {
        await run();
        failures = 0;
      },
      onError: (error) => {
        failures += 1;
        // That the database does not answer is said already, or will be before the next run; else that run makes it good.
        if (isUnavailable(error) && (failures === 1 || storage.freshness.isCutOff())) return;
        logger.warn({ err: error, job: name }, 'a background job failed');
      },
    });
  };
  return [
    every(SWEEP_EVERY_MS, 'sweep', () => live.sweep(nowMs())),
    every(TEND_COUNTERS_EVERY_MS, 'tend counters', tendCounters(counters, nowMs, logger)),
    every(TICK_MS, 'follow changes', () => storage.freshness.tick()),
    every(HEARTBEAT_EVERY_MS, 'heartbeat', () => storage.processes.beat()),
    every(READ_MASTER_KEY_EVERY_MS, 'read master key', () => masterKeyFollower?.refresh()),
    every(TAKE_OVER_EVERY_MS, 'take over journals', parts.takeOverJournals),
    every(TEND_SINKS_EVERY_MS, 'tend sinks', () => parts.sinks.tend()),
    every(FLUSH_LAST_ACTIVE_EVERY_MS, 'last active', () => lastActive.flush()),
    every(STORE_END_USERS_EVERY_MS, 'store end users', () => endUsers.flush()),
    every(COUNT_REFUSALS_EVERY_MS, 'count refusals', () => refusals.flush()),
    every(ROTATE_KEYS_EVERY_MS, 'rotate keys', parts.rotateKeys),
    ...parts.alertJobs.map(({ everyMs, name, run }) => every(everyMs, name, run)),
    every(FLUSH_LOG_EVERY_MS, 'flush log', () => requestLog.flush()),
    every(ADD_DAYS_EVERY_MS, 'add days', parts.addDays),
    every(RESEAL_EVERY_MS, 'seal credentials anew', parts.resealSecrets),
    every(EXPIRE_CALLS_EVERY_MS, 'expire calls', parts.expireCalls),
    every(PRUNE_EVERY_MS, 'prune', () => storage.prune()),
  ];
}

/** A store that does not answer is said once, and so is its return. */
function tendCounters(counters: Counters, nowMs: () => number, logger: pino.Logger): () => Promise<void> {
  let away = false;
  return async () => {
    try {
      await counters.expire(nowMs());
      if (away) logger.info({}, 'Limits are counted again');
      away = false;
    } catch (error) {
      if (!away) logger.warn({ err: error }, 'Limits cannot be counted where they are shared');
      away = true;
    }
  };
}
