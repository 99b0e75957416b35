import type { LogDestination } from '../../core/log-destination.ts';
import type { RecordLines } from '../gather-records.ts';
import type { Sink } from '../sink.ts';
import type { FlushRule } from '../sink-kind.ts';
import type { SinkStats } from '../sinks.ts';
import { createBatchMemory } from './batch-memory.ts';
import type { DeadLetters } from './dead-letters.ts';
import { createSender } from './sender.ts';
import { beginSpool, openSpool, type Spool, type SpoolOptions } from './spool.ts';
import type { SpoolLabel, SpoolOrigin, SpoolRoot } from './spool-root.ts';

/** Everything on its way to one destination. */
export interface Outbox {
  readonly destinationId: string;
  /** Writes lines, for these owners of the destination. Throws nothing. Safe when this resolves; false: they are lost. */
  put(lines: RecordLines, owners: readonly LogDestination[]): Promise<boolean>;
  /** Counts a record that never came to be a line. */
  countLost(): void;
  /** What an earlier process left for the same destination. */
  adopt(directory: string): Promise<void>;
  bytes(): number;
  /** Gives up the oldest part that can be; false: there is none. */
  dropOldest(): boolean;
  stats(): SinkStats;
  /** True: nothing waits, and nothing has come for so long. */
  isIdle(forMs: number): boolean;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface OutboxOptions {
  label: SpoolLabel;
  rule: FlushRule;
  root: SpoolRoot;
  spool: Pick<SpoolOptions, 'segmentBytes' | 'fsync' | 'nowMs'>;
  deadLetters: DeadLetters;
  /** The sink at present; null: nobody has such a destination any more. `anew`: look whether its owner has changed it. */
  findSink: (label: SpoolLabel, anew: boolean) => Promise<Sink | null>;
  random: () => number;
  logger: SinkLogger;
}

export interface SinkLogger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Owners that are kept in mind; any one of them is enough to find the destination again. */
const MAX_ORIGINS = 8;
/** A destination that is away for a moment is not one that its owner has changed. */
const FAILURES_BEFORE_LOOKING = 3;

export function createOutbox(options: OutboxOptions): Outbox {
  const { rule, root, deadLetters, findSink, random, logger } = options;
  const { nowMs } = options.spool;
  let { label } = options;
  const { destinationId, type } = label;
  const facts = { destination: destinationId };
  const memory = createBatchMemory();
  const leftovers: Spool[] = [];
  let active: { spool: Spool; directory: string } | null = null;
  let latest: LogDestination | null = null;
  let dropped = 0;
  let saidFull = false;
  let saidDead = false;
  let usedAtMs = nowMs();
  let waitingSinceMs: number | null = null;

  const spoolOptions = (directory: string): SpoolOptions => ({
    ...options.spool,
    directory,
    memory,
    onWritten: () => {
      waitingSinceMs ??= nowMs();
      sender.wake();
    },
    onFailed: lose,
  });
  const spools = () => (active === null ? leftovers : [...leftovers, active.spool]);
  const queued = () => spools().reduce((sum, spool) => sum + spool.queued(), 0);

  const sender = createSender({
    spools,
    active: () => active?.spool ?? null,
    rule,
    async findSink(failures) {
      const sink = await findSink(label, failures >= FAILURES_BEFORE_LOOKING);
      if (sink === null) throw new Error('nobody has this log destination any more');
      return sink;
    },
    onRefused(line, reason) {
      const path = deadLetters.put(destinationId, reason, line);
      if (!saidDead) logger.error({ ...facts, reason, path }, 'A log destination refuses records; they are kept aside');
      saidDead = true;
    },
    onTrouble(failure) {
      if (failure === null) logger.info({ ...facts, queued: queued() }, 'A log destination takes records again');
      else logger.warn({ ...facts, reason: failure }, 'A log destination takes no records; they wait on disk');
    },
    onDelivered({ createdAtMs }) {
      waitingSinceMs = queued() > 0 ? createdAtMs : null;
    },
    onDrained() {
      for (const spool of leftovers.splice(0)) void spool.close();
    },
    random,
  });

  /** Throws nothing: a call that was answered and billed does not fail for its log. */
  function lose(lines: number, error: unknown): void {
    dropped += lines;
    if (!saidFull) logger.error({ ...facts, err: error }, 'Records of calls cannot be written and are lost');
    saidFull = true;
  }

  function begin(): Spool {
    const directory = root.begin(label);
    const spool = beginSpool(spoolOptions(directory));
    active = { directory, spool };
    return spool;
  }

  function noteOrigin({ scope, ownerId, place }: LogDestination): void {
    const isOwner = (one: SpoolOrigin) => one.scope === scope && one.ownerId === ownerId;
    const others = label.origins.filter((one) => !isOwner(one));
    if (label.origins.find(isOwner)?.place === place || others.length >= MAX_ORIGINS) return;
    label = { ...label, origins: [...others, { scope, ownerId, place }] };
    if (active !== null) root.relabel(active.directory, label);
  }

  return {
    destinationId,
    put({ bytes, length, count }, owners) {
      usedAtMs = nowMs();
      try {
        for (const owner of owners) {
          if (owner !== latest) noteOrigin(owner);
          latest = owner;
        }
        return (active?.spool ?? begin()).append(bytes, length, count);
      } catch (error) {
        lose(count, error);
        return Promise.resolve(false);
      }
    },
    countLost() {
      dropped += 1;
    },
    async adopt(directory) {
      leftovers.push(await openSpool(spoolOptions(directory)));
      waitingSinceMs ??= nowMs();
      sender.wake();
    },
    bytes: () => spools().reduce((sum, spool) => sum + spool.bytes(), 0),
    dropOldest() {
      for (const spool of spools()) {
        const lines = spool.dropOldest();
        if (lines === 0) continue;
        dropped += lines;
        logger.error(
          { ...facts, lines },
          'The limit of what may wait for log destinations is reached; the oldest is lost',
        );
        return true;
      }
      return false;
    },
    stats() {
      const { delivered, retried, dead, failure, oldestEndMs } = sender.state;
      const sinceMs = oldestEndMs ?? waitingSinceMs;
      const waiting = queued();
      const oldestMs = waiting === 0 || sinceMs === null ? 0 : Math.max(0, nowMs() - sinceMs);
      const isGlobal = label.origins.some(({ scope }) => scope === 'global');
      return { destinationId, type, isGlobal, queued: waiting, delivered, retried, dropped, dead, oldestMs, failure };
    },
    isIdle: (forMs) => queued() === 0 && nowMs() - usedAtMs >= forMs,
    flush: sender.flush,
    async close() {
      await sender.stop();
      await Promise.all(spools().map((spool) => spool.close()));
    },
  };
}
