import { setImmediate as nextTurn } from 'node:timers/promises';
import { GatewayError } from '../core/gateway-error.ts';
import type { BillBatch } from './bill-batch.ts';
import type { LedgerLogger } from './ledger.ts';
import type { SharedLock } from './shared-lock.ts';
import type { ShipResult } from './ship-batch.ts';
import type { UnshippedBills } from './unshipped-bills.ts';

export interface Shipper {
  /** Bills have been added: ships soon, all of them together. Cheap enough for every turn of the event loop. */
  wake(): void;
  /** Ships until everything before `end` is committed. Throws database_unavailable at the first failure. */
  shipThrough(end: number): Promise<void>;
  /** Ends a state in which nobody knows whether the last batch is in the database. Throws database_unavailable. */
  settleDoubt(): Promise<void>;
  inDoubt(): boolean;
  /** Ships nothing more, and takes no notice of a commit that is under way. */
  stop(): void;
}

export interface ShipperOptions {
  bills: UnshippedBills;
  ship: (batch: BillBatch) => Promise<ShipResult>;
  /** Nobody may read balances while a batch is being committed. */
  lock: SharedLock;
  maxBatch: number;
  shipEveryMs: number;
  /** Bills before this may be in the database already: an earlier process died before it could note it. */
  doubtfulEnd: number;
  logger: LedgerLogger;
  /** `batch` is in the database for good, or set aside: then there is no result. */
  onCommitted: (batch: BillBatch, result?: ShipResult & { kind: 'committed' }) => void;
  /** The database will never take the one bill of this batch. */
  onRefused: (batch: BillBatch, cause: unknown) => void;
}

/** A busy gateway ships less often: the more rows a commit has, the less each costs the database. */
const BUSY_BATCH = 20;
const BUSY_FACTOR = 5;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;

/**
 * Takes bills from the journal to the database, in order, one batch at a time. A database that is down is asked again
 * with growing pauses for as long as it takes; the log hears of it once when it goes and once when it is back.
 */
export function createShipper(options: ShipperOptions): Shipper {
  const { bills, ship, lock, maxBatch, shipEveryMs, logger, onCommitted, onRefused } = options;
  let batchLimit = maxBatch;
  let doubtfulEnd = options.doubtfulEnd;
  let failures = 0;
  let busy = false;
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let stopped = false;

  function firstStart(): number {
    return bills.firstStart() ?? Number.POSITIVE_INFINITY;
  }

  /** Ships one batch if there is any. */
  function shipNext(): Promise<void> {
    return lock.exclusive(async () => {
      if (stopped) throw new GatewayError('shutting_down', 'The gateway is shutting down.');
      const batch = bills.peek(batchLimit);
      if (batch === undefined) return;
      const result = await ship(batch);
      // The journal may be another process's by now; what was committed is harmless, to be told of it is not.
      if (stopped) return;
      if (result.kind === 'committed') {
        batchLimit = maxBatch;
        if (failures > 0) logger.info({ backlog: bills.count() }, 'The ledger database is back');
        failures = 0;
        busy = batch.count() >= BUSY_BATCH;
        bills.remove(batch);
        onCommitted(batch, result);
        return;
      }
      if (result.refused) {
        setAside(batch, result.cause);
        return;
      }
      if (result.inDoubt) doubtfulEnd = Math.max(doubtfulEnd, batch.end());
      failures += 1;
      if (failures === 1) {
        logger.warn({ err: result.cause, backlog: bills.count() }, 'The ledger database does not answer; bills wait');
      }
      throw new GatewayError('database_unavailable', 'The database cannot be reached at the moment.', {
        cause: result.cause,
        retryAfterMs: 1000,
      });
    });
  }

  /** Smaller and smaller batches until the one bad bill is alone. */
  function setAside(batch: BillBatch, cause: unknown): void {
    if (batch.count() > 1) {
      batchLimit = Math.max(1, Math.floor(batch.count() / 2));
      return;
    }
    batchLimit = maxBatch;
    onRefused(batch, cause);
    bills.remove(batch);
    onCommitted(batch);
  }

  async function shipThrough(end: number): Promise<void> {
    while (firstStart() < end) {
      await shipNext();
      // An embedded database answers within the turn; calls must get their turns, too.
      await nextTurn();
    }
  }

  async function run(): Promise<void> {
    running = true;
    try {
      for (let more = true; more && !stopped; ) {
        await shipNext();
        await nextTurn();
        // What arrives meanwhile waits for the next round, unless it makes a full batch.
        more = bills.count() >= maxBatch || batchLimit < maxBatch;
      }
    } catch {
      // Reported by shipNext, and tried again below.
    }
    running = false;
    if (bills.count() > 0) arm();
  }

  function arm(): void {
    if (timer !== undefined || running || stopped) return;
    const patienceMs = busy ? shipEveryMs * BUSY_FACTOR : shipEveryMs;
    const pauseMs = failures === 0 ? patienceMs : Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
    timer = setTimeout(() => {
      timer = undefined;
      void run();
    }, pauseMs).unref();
  }

  return {
    wake() {
      if (bills.count() >= maxBatch && failures === 0 && !running && !stopped) {
        clearTimeout(timer);
        timer = undefined;
        void run();
      } else arm();
    },
    shipThrough,
    async settleDoubt() {
      await shipThrough(doubtfulEnd);
    },
    inDoubt: () => firstStart() < doubtfulEnd,
    stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
