/**
 * The processes that serve from one database: who lives, and how far each has read the change feed. A revocation can so
 * be waited for: a roll call in the feed makes every process say that it has acted on all changes before it.
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RollCall } from '../core/change-event.ts';
import type { ProcessName, ProcessRow, ProcessTable } from './process-table.ts';

export interface NamedProcess {
  id: string;
  host: string;
  pid: number;
}

export interface Laggard extends NamedProcess {
  /** How long it has said nothing. */
  behindMs: number;
}

export interface RollCallResult {
  /** They refuse what the changes before the roll call refuse, and have ended its streams. This process is among them. */
  acknowledged: NamedProcess[];
  /** Processes that may be serving and have not said so in time. */
  laggards: Laggard[];
}

export interface Processes {
  /** Processes that live now, this one included. Known from the last heartbeat: no question is asked. */
  live(): number;
  /**
   * Among how many a limit has to be taken as shared: no fewer than `live`. Processes that start together do not know
   * of each other at first, and one that is silent may still hold what it has set aside.
   */
  sharers(): number;
  /** Says that this process lives; for a timer, every second or so. */
  beat(): Promise<void>;
  /** Resolves when every process has acted on the changes that were committed before, or after the time given. */
  callRoll(timeoutMs: number): Promise<RollCallResult>;
  /** This process serves no more. */
  leave(): Promise<void>;
}

export interface ProcessRegistryOptions {
  own: ProcessName;
  table: ProcessTable;
  /** Up to where this process has acted on changes. */
  feedPosition(): number;
  /** Puts it in the feed and returns its number. */
  announce(call: Omit<RollCall, 'seq'>): Promise<number>;
  /** Known to have ended: it lived on this host, and does not any more. */
  isGone(identity: string): boolean;
  /** A process that says nothing may be cut off from the database, and goes on for so long at the most. */
  outageGraceMs: number;
}

/** Several heartbeats: one that is late is no reason to count a process out. */
const LIVE_MS = 5_000;
/** What a process has set aside of a limit goes back some time after its last word. */
const MAY_HOLD_MS = 20_000;
/** Before its first few heartbeats, each of which reads who else lives, a process takes itself for one of several. */
const YOUNG_BEATS = 5;
const SHARERS_AT_START = 4;
/** What nobody counts or waits for any more is deleted some time later. */
const KEEP_MS = 60_000;
const FIRST_LOOK_MS = 5;
const LAST_LOOK_MS = 100;
const LEAST_TO_ANNOUNCE_MS = 500;
const NOBODY_HAS_HEARD = Number.POSITIVE_INFINITY;

export function createProcessRegistry(options: ProcessRegistryOptions): Processes {
  const { own, table, isGone } = options;
  const maySilentlyServeMs = Math.max(LIVE_MS, options.outageGraceMs);
  let known: readonly ProcessRow[] = [];
  let beating: Promise<void> | null = null;
  let left = false;
  let beats = 0;

  async function readOthers(): Promise<ProcessRow[]> {
    known = (await table.list()).filter(({ id }) => id !== own.id);
    const dead = known.filter(({ identity, silentMs }) => silentMs > maySilentlyServeMs + KEEP_MS || isGone(identity));
    await table.remove(dead.map(({ id }) => id));
    known = known.filter((row) => !dead.includes(row));
    return known.filter(maybeServes);
  }

  const maybeServes = ({ silentMs }: ProcessRow) => silentMs <= maySilentlyServeMs;

  async function beat(): Promise<void> {
    if (left) return;
    await table.beat(own, options.feedPosition());
    await readOthers();
    beats += 1;
  }

  /** The others that have not acted on everything up to `seq`, as far as can be found out. */
  async function findLaggards(seq: number): Promise<{ others: ProcessRow[]; laggards: ProcessRow[] }> {
    try {
      const others = await readOthers();
      return { others, laggards: others.filter(({ feedPosition }) => feedPosition < seq) };
    } catch {
      // The change is committed all the same; nobody is known to have heard of it.
      const others = known.filter(maybeServes);
      return { others, laggards: others };
    }
  }

  return {
    live: () => 1 + known.filter(({ silentMs }) => silentMs <= LIVE_MS).length,
    sharers() {
      const all = 1 + known.filter(({ silentMs }) => silentMs <= MAY_HOLD_MS).length;
      return beats < YOUNG_BEATS ? Math.max(all, SHARERS_AT_START) : all;
    },
    async beat() {
      // One that is under way may have read the position too early.
      await beating?.catch(() => {});
      beating ??= beat().finally(() => {
        beating = null;
      });
      await beating;
    },
    async callRoll(timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      // A database that stands still keeps nobody waiting for longer than was asked for.
      const seq = await Promise.race([
        options.announce({ kind: 'roll_call', processId: own.id, id: randomUUID() }).catch(() => NOBODY_HAS_HEARD),
        sleep(Math.max(timeoutMs, LEAST_TO_ANNOUNCE_MS), NOBODY_HAS_HEARD, { ref: false }),
      ]);
      let pauseMs = FIRST_LOOK_MS;
      let found = await findLaggards(seq);
      while (found.laggards.length > 0 && performance.now() < deadline) {
        await sleep(Math.min(pauseMs, Math.max(1, deadline - performance.now())));
        pauseMs = Math.min(pauseMs * 2, LAST_LOOK_MS);
        found = await findLaggards(seq);
      }
      const { others, laggards } = found;
      return {
        acknowledged: [own, ...others.filter((row) => !laggards.includes(row))].map(nameOf),
        laggards: laggards.map((row) => ({ ...nameOf(row), behindMs: row.silentMs })),
      };
    },
    async leave() {
      left = true;
      await beating?.catch(() => {});
      await table.remove([own.id]);
    },
  };
}

function nameOf({ id, host, pid }: ProcessName): NamedProcess {
  return { id, host, pid };
}

/** For a process that is alone with its database. */
export function createLoneProcess(own: ProcessName): Processes {
  return {
    live: () => 1,
    sharers: () => 1,
    beat: async () => {},
    callRoll: async () => ({ acknowledged: [nameOf(own)], laggards: [] }),
    leave: async () => {},
  };
}
