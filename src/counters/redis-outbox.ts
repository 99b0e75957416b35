import type { Consumption } from '../core/charge.ts';
import type { RedisEpoch } from './redis-epoch.ts';
import type { RedisHold } from './redis-hold.ts';
import { RedisAway, type RedisLink } from './redis-link.ts';

export interface RedisOutboxOptions {
  processId: string;
  link: RedisLink;
  epoch: RedisEpoch;
  /** What scripts are told of the time; see RedisCounterOptions.clock. */
  clock: 'redis' | 'caller';
  /** Ends a hold in Redis. Rejects with RedisAway when it may not have. Harmless when repeated. */
  finish(hold: RedisHold, used: Consumption | null, nowMs: number, send: RedisLink['ask']): Promise<void>;
  /** More is waiting than is kept: the counters have to be read anew from the ledger, which has it all. */
  onOverflow(): void;
}

/**
 * What Redis has to hear: ends of holds, and movements of balances. What it could not be told is kept until it returns,
 * up to a bound, and counted once however often it is sent.
 */
export interface RedisOutbox {
  /** Resolves when Redis knows, or when it is away. Never rejects for that. */
  end(hold: RedisHold, used: Consumption | null, nowMs: number): Promise<void>;
  adjust(counter: string, deltaNanoUsd: number, change: number | undefined): Promise<void>;
  /** Balances that are to be read anew from the ledger. */
  reread(counterIds: readonly string[]): Promise<void>;
  /** Sends what was adjusted in this turn: whatever is sent afterwards comes after it. */
  push(): void;
  /** Redis is back. Movements first, in their order, before anything else is sent. */
  resend(): void;
  /** Ends of holds and rereadings that wait; once holds are put back. Rejects with RedisAway, and keeps the rest. */
  deliver(send: RedisLink['ask']): Promise<void>;
  /** The counters are lost, and read back from a ledger that has all of it. */
  forget(): void;
  /** Waits for what is under way. */
  drain(): Promise<void>;
}

type Part = string | number;

interface Batch {
  seq: number;
  parts: Part[];
}

interface Ended {
  hold: RedisHold;
  used: Consumption | null;
  nowMs: number;
}

const MOST_WAITING = 20_000;
const AT_ONCE = 200;

export function createRedisOutbox(options: RedisOutboxOptions): RedisOutbox {
  const { link, epoch } = options;
  const ended: Ended[] = [];
  /** Sent and not confirmed, in order. */
  const batches = new Map<number, Batch>();
  const stale = new Set<string>();
  const underWay = new Set<Promise<void>>();
  let gathering: Part[] = [];
  let gathered: Promise<void> | null = null;
  let seq = 0;

  function track(work: Promise<void>): Promise<void> {
    underWay.add(work);
    return work.finally(() => underWay.delete(work));
  }

  async function send(batch: Batch): Promise<void> {
    try {
      const time = options.clock === 'caller' ? 0 : '';
      const known = epoch.id();
      const args = [known, time, options.processId, batch.seq, ...batch.parts];
      const [answer] = await link.call('adjust', [epoch.key], args);
      // Of another epoch: it is journalled here, and shipped before that epoch opens.
      batches.delete(batch.seq);
      if (answer === 'epoch') await epoch.catchUp(0).catch(() => {});
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      if (batches.size > MOST_WAITING) overflow();
    }
  }

  function push(): Promise<void> {
    if (gathering.length === 0) return Promise.resolve();
    seq += 1;
    const batch = { seq, parts: gathering };
    gathering = [];
    gathered = null;
    batches.set(seq, batch);
    return track(send(batch));
  }

  async function sendStale(): Promise<void> {
    if (stale.size === 0) return;
    const counters = [...stale];
    const time = options.clock === 'caller' ? 0 : '';
    try {
      // In another epoch they are not read yet.
      await link.call('reread', [epoch.key], [epoch.id(), time, 'recovery', ...counters]);
      for (const counter of counters) stale.delete(counter);
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
    }
  }

  function forget(): void {
    ended.length = 0;
    stale.clear();
    batches.clear();
  }

  function overflow(): void {
    forget();
    options.onOverflow();
  }

  return {
    async end(hold, used, nowMs) {
      try {
        await track(options.finish(hold, used, nowMs, link.call));
      } catch (error) {
        if (!(error instanceof RedisAway)) throw error;
        ended.push({ hold, used, nowMs });
        if (ended.length > MOST_WAITING) overflow();
      }
    },

    adjust(counter, deltaNanoUsd, change) {
      gathering.push(counter, deltaNanoUsd, change ?? '');
      gathered ??= Promise.resolve().then(push);
      return gathered;
    },

    push: () => void push(),

    resend() {
      for (const batch of batches.values()) void track(send(batch));
    },

    reread(counterIds) {
      for (const id of counterIds) stale.add(id);
      return track(sendStale());
    },

    async deliver(send) {
      await sendStale();
      while (ended.length > 0) {
        const some = ended.splice(0, AT_ONCE);
        try {
          await Promise.all(some.map(({ hold, used, nowMs }) => options.finish(hold, used, nowMs, send)));
        } catch (error) {
          // To end a hold twice does no harm.
          ended.unshift(...some);
          throw error;
        }
      }
    },

    forget,

    async drain() {
      void push();
      await Promise.all(underWay);
    },
  };
}
