import { randomUUID } from 'node:crypto';
import type { RedisLink } from './redis-link.ts';

/** Redis answers, but its counters are not complete yet: nothing can be admitted on them. */
export class CountersClosed extends Error {
  override readonly name = 'CountersClosed';
}

export interface RedisEpochOptions {
  /** Begins the name of every key. */
  tag: string;
  processId: string;
  fenceMs: number;
  quietMs: number;
  /** Processes that share the counters, this one included, as their common database knows them. */
  liveProcesses(): number;
  ask: RedisLink['ask'];
  flushLedger(): Promise<void>;
  /** Puts every hold of a running call where Redis has it no longer. */
  restoreHolds(): Promise<void>;
  onOpen(): void;
  /** The counters that this process knew are lost. */
  onClosed(): void;
}

/**
 * One life of the counters in Redis. An emptied Redis has no epoch, and one that was started again or replaced by another
 * has that of another run: either way a new one begins, with counters of its own, and it is closed. It opens when every
 * process has put back the holds of its running calls and shipped its bills; what is read from the ledger from then on
 * is all that was spent. A process that never comes is waited for `PATIENCE_MS`.
 */
export interface RedisEpoch {
  readonly key: string;
  id(): string;
  counterKey(counter: string): string;
  /** Open, and this process has done its part. */
  isOpen(): boolean;
  /** A sign of life; starts this process's part where it has one to do. Rejects when Redis does not answer. */
  greet(runId: string): Promise<void>;
  /** The connection was lost: what this process holds may have ended meanwhile. */
  doubt(): void;
  /** @throws CountersClosed (rejects) when the counters are not open within the time */
  catchUp(timeoutMs: number): Promise<void>;
  /** The counters can no longer be made right by what is known here: they are to be read anew from the ledger. */
  end(): void;
}

const PATIENCE_MS = 5_000;
const POLL_MS = 25;

export function createRedisEpoch(options: RedisEpochOptions): RedisEpoch {
  const key = `${options.tag}:epoch`;
  let id = '';
  let open = false;
  let flushedFor = '';
  let ending = '';
  let lastRunId = '';
  let _joining: Promise<void> | null = null;
  const waiting = new Set<() => void>();

  async function greet(runId: string): Promise<void> {
    lastRunId = runId;
    const args = [randomUUID().slice(0, 8), runId, options.liveProcesses(), options.quietMs, ending];
    const [present] = await options.ask('join', [key], args);
    if (present !== id) {
      const lost = id !== '';
      id = String(present);
      open = false;
      ending = '';
      if (lost) options.onClosed();
    }
    if (!open) join();
  }

  function join(): void {
    _joining ??= doOwnPart()
      // Asked again with the next sign of life.
      .catch(() => {})
      .finally(() => {
        _joining = null;
      });
  }

  async function doOwnPart(): Promise<void> {
    const ours = id;
    await options.restoreHolds();
    if (flushedFor !== ours) await options.flushLedger();
    flushedFor = ours;
    for (;;) {
      const [answer] = await options.ask('acknowledge', [key], [ours, options.processId, options.fenceMs, PATIENCE_MS]);
      if (answer === 'open' && id === ours) {
        open = true;
        options.onOpen();
        for (const wake of waiting) wake();
      }
      if (answer !== 'closed' || id !== ours) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  return {
    key,
    id: () => id,
    counterKey: (counter) => `${options.tag}:${id}:c:${counter}`,
    isOpen: () => open,
    greet,
    doubt() {
      open = false;
    },
    async catchUp(timeoutMs) {
      await greet(lastRunId).catch(() => {});
      if (open) return;
      await new Promise<void>((resolve, reject) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting.delete(wake);
          reject(new CountersClosed('the counters are being read back from the ledger'));
        }, timeoutMs);
        waiting.add(wake);
      });
    },
    end() {
      ending = id;
    },
  };
}
