import type { Charge, Consumption, Hold, Reservation } from '../core/charge.ts';
import { Roster } from '../core/roster.ts';
import type { Counters, MaybePromise } from './counters.ts';
import type { PostgresCounters } from './postgres-counters.ts';
import { createStandIn, type FailMode, type KeptHold } from './stand-in.ts';
import { isUnavailable, noAnswer } from './store-away.ts';

export interface OutageOptions {
  store: PostgresCounters;
  /** Names this process among those that share the store; another at each start. */
  processId: string;
  mode: FailMode;
  /** Among how many processes what is left is divided, this one included. */
  liveProcesses: () => number;
  /** Told once when the store stops answering and once when it answers again. */
  onAway(away: boolean, cause: unknown): void;
}

interface OwnHold extends KeptHold {
  /** The store has it, or has been asked to. */
  stored: boolean;
}

/** After an outage, processes renew what they hold before anybody ends leases that nobody could renew meanwhile. */
const RENEW_FIRST_MS = 5_000;

/**
 * Counters in the database while it does not answer: one call that has waited in vain ends the waiting of all, and the
 * stand-in decides. What calls cost meanwhile is kept as one sum for each budget, however many calls there are. When the
 * database is back it is told those sums, and takes the holds of running calls again, before anything else is reserved.
 */
export function createCountersThroughOutages(options: OutageOptions): Counters {
  const { store, processId } = options;
  const live = new Roster<OwnHold>();
  const standIn = createStandIn({
    mode: options.mode,
    loadBalances: null,
    liveProcesses: options.liveProcesses,
    liveHolds: () => live.list(),
  });
  /** Nano-dollars by budget counter, of calls that began and ended during the outage. */
  const spentMeanwhile = new Map<string, number>();
  let away = false;
  let probing = false;
  let grants = 0;
  let backAtMs = Number.NEGATIVE_INFINITY;

  function goAway(cause: unknown): void {
    if (away) return;
    away = true;
    options.onAway(true, cause);
  }

  async function reserve(charges: readonly Charge[], nowMs: number, leaseMs: number): Promise<Reservation> {
    if (charges.length === 0) return { granted: true, hold: { id: '', charges: [], expiresAtMs: nowMs + leaseMs } };
    let cause: unknown;
    if (!away) {
      try {
        const reservation = await store.reserve(charges, nowMs, leaseMs);
        standIn.learn(reservation, 0);
        return reservation.granted ? { granted: true, hold: keep(reservation.hold, leaseMs, true, null) } : reservation;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        cause = error;
        goAway(error);
      }
    }
    const grant = await standIn.reserve(charges, nowMs, leaseMs, cause);
    if (!grant.granted) return grant;
    grants += 1;
    const id = `${processId}:away:${grants}`;
    return {
      granted: true,
      hold: keep({ id, charges: grant.charges, expiresAtMs: nowMs + leaseMs }, leaseMs, false, grant.twin),
    };
  }

  function keep({ id, charges, expiresAtMs }: Hold, leaseMs: number, stored: boolean, twin: Hold | null): OwnHold {
    const hold: OwnHold = { id, charges, expiresAtMs, rosterIndex: -1, leaseMs, twin, stored };
    live.add(hold);
    return hold;
  }

  function end(hold: OwnHold, used: Consumption | null, nowMs: number): MaybePromise<void> {
    const running = live.remove(hold);
    if (running) standIn.finish(hold, used, nowMs);
    if (!hold.stored) {
      if (used !== null) noteSpent(hold, used);
      return;
    }
    const told = used === null ? store.release(hold, nowMs) : store.settle(hold, used, nowMs);
    // It will be told in any case; nobody waits for that.
    return away ? undefined : told;
  }

  function noteSpent(hold: Hold, used: Consumption): void {
    for (const { charge } of hold.charges) {
      if (charge.unit !== 'nano_usd') continue;
      spentMeanwhile.set(charge.counter, (spentMeanwhile.get(charge.counter) ?? 0) + used.nanoUsd);
    }
  }

  /** Asks whether the store answers; never twice at a time. */
  function probe(nowMs: number): void {
    if (probing) return;
    probing = true;
    Promise.resolve(store.openHolds())
      .then(() => comeBack(nowMs))
      .catch(() => {
        // Asked again by the next turn of the timer.
      })
      .finally(() => {
        probing = false;
      });
  }

  async function comeBack(nowMs: number): Promise<void> {
    await Promise.all(live.list().map((hold) => putBack(hold, nowMs)));
    // Those that were granted meanwhile. Whatever is asked after this line is asked after them.
    for (const hold of live.list()) if (!hold.stored) putBack(hold, nowMs).catch(() => {});
    for (const [counter, nanoUsd] of spentMeanwhile) void store.adjust(counter, nanoUsd);
    spentMeanwhile.clear();
    away = false;
    backAtMs = nowMs;
    standIn.end();
    options.onAway(false, null);
  }

  async function putBack(hold: OwnHold, nowMs: number): Promise<void> {
    if (!live.has(hold)) return;
    const before = hold.stored;
    hold.stored = true;
    try {
      await store.restore(hold, nowMs, hold.leaseMs);
    } catch (error) {
      hold.stored = before;
      throw error;
    }
  }

  /** What is asked of the store for people to see; during an outage nobody waits for it. */
  async function ask<T>(question: () => MaybePromise<T>): Promise<T> {
    if (away) throw noAnswer();
    return question();
  }

  return {
    reserve,

    settle: (hold, used, nowMs) => (hold.charges.length === 0 ? undefined : end(hold as OwnHold, used, nowMs)),

    release: (hold, nowMs) => (hold.charges.length === 0 ? undefined : end(hold as OwnHold, null, nowMs)),

    renew(hold, nowMs, leaseMs): MaybePromise<void> {
      const own = hold as OwnHold;
      if (!live.has(own)) return;
      own.leaseMs = leaseMs;
      if (!away) return store.renew(own, nowMs, leaseMs);
      own.expiresAtMs = nowMs + leaseMs;
      standIn.renew(own, nowMs, leaseMs);
    },

    read: (charges, nowMs) => ask(() => store.read(charges, nowMs)),

    spent: (counterIds) => ask(() => store.spent(counterIds)),

    adjust: (counter, deltaNanoUsd, change) => store.adjust(counter, deltaNanoUsd, change),

    reread: (moved) => store.reread(moved),

    openHolds: () => (away ? live.size : store.openHolds()),

    async expire(nowMs) {
      if (away) {
        standIn.expire(nowMs);
        probe(nowMs);
        return 0;
      }
      if (nowMs - backAtMs < RENEW_FIRST_MS) return 0;
      try {
        return await answerInTime(Promise.resolve(store.expire(nowMs)));
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        goAway(error);
        return 0;
      }
    },

    close: () => store.close(),
  };
}

/** A database that stands still lets a statement wait for long. */
const PATIENCE_MS = 2_000;

/** Rejects with database_unavailable where there is no answer by then. */
function answerInTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswer()), PATIENCE_MS).unref();
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
