import { type Sink, SinkError, wordsOf } from '../sink.ts';
import type { FlushRule } from '../sink-kind.ts';
import { deliverBatch } from './deliver-batch.ts';
import type { BatchRange } from './progress.ts';
import type { Spool, SpooledBatch } from './spool.ts';

/** What a sender has done since it was made, and how it is doing. */
export interface SenderState {
  delivered: number;
  /** Deliveries that failed and are tried again. */
  retried: number;
  /** Records that the destination has refused for good. */
  dead: number;
  /** In the other side's words, since the last delivery that worked; null: all is well. */
  failure: string | null;
  /** When the oldest call of the batch ended that is being sent; null: none is. */
  oldestEndMs: number | null;
}

export interface Sender {
  readonly state: Readonly<SenderState>;
  /** Records have been added: sends what is due, now or when it is. Cheap enough for every turn of the event loop. */
  wake(): void;
  /** Sends everything that is there by now; resolves when it is delivered, rejects at the first failure. */
  flush(): Promise<void>;
  /** Begins nothing new; resolves when nothing is under way. */
  stop(): Promise<void>;
}

export interface SenderOptions {
  /** Oldest first; those of earlier processes before the one that is written to. Looked at anew each time. */
  spools: () => readonly Spool[];
  /** The spool that is written to, which may wait for more; all others are due at once. */
  active: () => Spool | null;
  rule: FlushRule;
  /** Asked before each batch, with the number of failures since the last success. */
  findSink: (failures: number) => Promise<Sink>;
  onRefused: (line: Buffer, reason: string) => void;
  /** Told once when deliveries begin to fail, and why, and once when they work again (null). */
  onTrouble: (failure: string | null) => void;
  onDelivered: (batch: BatchRange) => void;
  /** Nothing waits any more. */
  onDrained: () => void;
  /** In [0, 1). */
  random: () => number;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** Takes records from spools to their destination: in order, one batch at a time, again and again until it is taken. */
export function createSender(options: SenderOptions): Sender {
  const { spools, active, rule, findSink, onRefused, onTrouble, onDelivered, onDrained, random } = options;
  const state: SenderState = { delivered: 0, retried: 0, dead: 0, failure: null, oldestEndMs: null };
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let pausing = false;
  let running: Promise<void> | null = null;
  /** What the active spool holds before this position is due. */
  let dueEnd = 0;
  let stopped = false;

  function nextSpool(): Spool | undefined {
    const current = active();
    return spools().find((spool) => spool.queued() > 0 && (spool !== current || isDue(spool)));
  }

  function isDue(spool: Spool): boolean {
    return spool.delivered() < dueEnd || spool.queued() >= rule.maxRecords || spool.bytes() >= rule.maxBytes;
  }

  /** @throws whatever the sink throws */
  async function sendNext(spool: Spool): Promise<void> {
    const batch = await spool.next(rule);
    if (batch === null) return;
    state.oldestEndMs = firstEndMs(batch);
    const sink = await findSink(failures);
    let dead = 0;
    await deliverBatch(sink, batch, (line, reason) => {
      dead += 1;
      onRefused(line, reason);
    });
    spool.confirm(batch);
    state.dead += dead;
    state.delivered += batch.count - dead;
    state.oldestEndMs = null;
    onDelivered(batch);
    if (failures > 0) onTrouble(null);
    failures = 0;
    state.failure = null;
  }

  /** Until nothing is due. @throws the first failure */
  async function send(): Promise<void> {
    for (let spool = nextSpool(); spool !== undefined && !stopped; spool = nextSpool()) await sendNext(spool);
  }

  function noteFailure(error: unknown): void {
    failures += 1;
    state.retried += 1;
    state.failure = wordsOf(error);
    if (failures === 1) onTrouble(state.failure);
  }

  function pauseMs(error: unknown): number {
    const asked = error instanceof SinkError ? (error.retryAfterMs ?? 0) : 0;
    const grown = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 16));
    // Processes that lost the same destination at once shall not come back to it all at once.
    return Math.max(Math.min(asked, LONGEST_PAUSE_MS), grown * (0.5 + random() / 2));
  }

  function run(): Promise<void> {
    if (running !== null) return running;
    running = send().finally(() => {
      running = null;
    });
    return running;
  }

  function setTimer(afterMs: number, then: () => void): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      then();
    }, afterMs);
    timer.unref();
  }

  function start(): void {
    run().then(afterSuccess, afterFailure);
  }

  function afterSuccess(): void {
    if (stopped) return;
    const waiting = active();
    if (waiting !== null && waiting.queued() > 0) wake();
    else if (spools().every((spool) => spool.queued() === 0)) onDrained();
  }

  function afterFailure(error: unknown): void {
    noteFailure(error);
    if (stopped) return;
    pausing = true;
    setTimer(pauseMs(error), () => {
      pausing = false;
      start();
    });
  }

  function wake(): void {
    if (stopped || running !== null || pausing) return;
    if (nextSpool() !== undefined) {
      start();
      return;
    }
    timer ??
      setTimer(rule.intervalMs, () => {
        dueEnd = active()?.end() ?? 0;
        start();
      });
  }

  return {
    state,
    wake,
    async flush() {
      dueEnd = active()?.end() ?? 0;
      await running?.catch(() => {});
      pausing = false;
      clearTimeout(timer);
      timer = undefined;
      await run().catch((error: unknown) => {
        afterFailure(error);
        throw error;
      });
      afterSuccess();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running?.catch(() => {});
    },
  };
}

/** Looked for where it stands in every record, which as a whole may be large. */
function firstEndMs({ ndjson, createdAtMs }: SpooledBatch): number {
  const found = /"endTime":(\d+(\.\d+)?)/.exec(ndjson.toString('latin1', 0, 2_048));
  return found === null ? createdAtMs : Number(found[1]) * 1000;
}
