import type { Charge, Consumption, CounterState, HeldCharge, Hold, Reservation, Shortage } from '../core/charge.ts';
import { Roster, type RosterMember } from '../core/roster.ts';
import { consumed } from './consumed.ts';
import type { Counters, LoadBalances, MaybePromise } from './counters.ts';

export interface MemoryCounterOptions {
  loadBalances: LoadBalances;
  /** Counters at rest for longer than this are forgotten; budgets are read back from the ledger when next needed. */
  idleMs?: number;
}

interface Counter {
  used: number;
  held: number;
  /** Holds that name this counter, also those that hold 0 of it. */
  holds: number;
  windowStartMs: number;
  windowMs: number;
  touchedAtMs: number;
}

interface OpenHold extends Hold, RosterMember {
  expiresAtMs: number;
  /** Of each charge. They are not forgotten while something is held of them. */
  counters: readonly Counter[];
}

const DEFAULT_IDLE_MS = 10 * 60_000;
/** Between these, the sweep for idle counters looks at all of them. */
const IDLE_SWEEP_MS = 60_000;

/**
 * Counters of one process, in its memory. `reserve` runs to its end without giving way to another call, which is all
 * the locking there is. Only the first touch of a budget waits, for its opening balance from the ledger.
 */
export function createMemoryCounters(options: MemoryCounterOptions): Counters {
  const idleMs = options.idleMs ?? DEFAULT_IDLE_MS;
  const counters = new Map<string, Counter>();
  const holds = new Roster<OpenHold>();
  const loading = new Map<string, Promise<void>>();
  /** Budget counters whose balance was moved while it was being read: the reading is too old to be used. */
  const movedWhileLoading = new Set<string>();
  let holdCount = 0;
  let sweptAtMs = 0;

  function reserve(charges: readonly Charge[], nowMs: number, leaseMs: number): MaybePromise<Reservation> {
    const found: Counter[] = [];
    for (const charge of charges) {
      const counter = find(charge, nowMs);
      if (counter === undefined) return loadThenReserve(charges, nowMs, leaseMs);
      found.push(counter);
    }
    const short = charges.findIndex((charge, index) => !fits(charge, found[index] as Counter));
    if (short >= 0) return { granted: false, shortage: shortageOf(charges[short] as Charge, found[short] as Counter) };
    const held = charges.map((charge, index) => take(charge, found[index] as Counter, nowMs));
    holdCount += 1;
    const hold: OpenHold = {
      id: `hold_${holdCount}`,
      charges: held,
      expiresAtMs: nowMs + leaseMs,
      rosterIndex: -1,
      counters: found,
    };
    holds.add(hold);
    return { granted: true, hold };
  }

  async function loadThenReserve(charges: readonly Charge[], nowMs: number, leaseMs: number): Promise<Reservation> {
    const wanted = charges.filter((charge) => charge.unit === 'nano_usd' && !counters.has(charge.counter));
    await Promise.all(wanted.map((charge) => load(charge.counter, nowMs)));
    return reserve(charges, nowMs, leaseMs);
  }

  function load(id: string, nowMs: number): Promise<void> {
    let pending = loading.get(id);
    if (pending === undefined) {
      pending = readOpeningBalance(id, nowMs).finally(() => loading.delete(id));
      loading.set(id, pending);
    }
    return pending;
  }

  async function readOpeningBalance(id: string, nowMs: number): Promise<void> {
    for (;;) {
      movedWhileLoading.delete(id);
      const balances = await options.loadBalances([id]);
      if (movedWhileLoading.delete(id)) continue;
      counters.set(id, {
        used: balances.get(id) ?? 0,
        held: 0,
        holds: 0,
        windowStartMs: 0,
        windowMs: 0,
        touchedAtMs: nowMs,
      });
      return;
    }
  }

  /** The counter of a charge, rolled over when its window has passed. Undefined: its balance has to be loaded. */
  function find(charge: Charge, nowMs: number): Counter | undefined {
    let counter = counters.get(charge.counter);
    if (counter === undefined) {
      if (charge.unit === 'nano_usd') return undefined;
      counter = { used: 0, held: 0, holds: 0, windowStartMs: 0, windowMs: charge.windowMs, touchedAtMs: nowMs };
      counters.set(charge.counter, counter);
    }
    if (hasPassed(counter, nowMs)) {
      counter.used = 0;
      counter.held = 0;
      counter.windowStartMs = 0;
    }
    return counter;
  }

  function finish(hold: Hold, used: Consumption | null, nowMs: number): boolean {
    const open = hold as OpenHold;
    if (!holds.remove(open)) return false;
    open.charges.forEach((held, index) => {
      giveBack(open.counters[index] as Counter, held, used, nowMs);
    });
    return true;
  }

  return {
    reserve,

    settle(hold: Hold, used: Consumption, nowMs: number): void {
      // The lease ran out before the call ended: what it cost still counts.
      if (!finish(hold, used, nowMs))
        for (const { charge } of hold.charges) if (charge.unit === 'nano_usd') move(charge.counter, used.nanoUsd);
    },

    release(hold: Hold, nowMs: number): void {
      finish(hold, null, nowMs);
    },

    renew(hold: Hold, nowMs: number, leaseMs: number): void {
      const open = hold as OpenHold;
      if (holds.has(open)) open.expiresAtMs = nowMs + leaseMs;
    },

    async read(charges: readonly Charge[], nowMs: number): Promise<CounterState[]> {
      const unknown = charges.filter((charge) => charge.unit === 'nano_usd' && !counters.has(charge.counter));
      const balances =
        unknown.length === 0
          ? new Map<string, number>()
          : await options.loadBalances(unknown.map((charge) => charge.counter));
      return charges.map((charge) => {
        const counter = counters.get(charge.counter);
        if (counter === undefined)
          return { used: balances.get(charge.counter) ?? 0, held: 0, resetAtMs: charge.resetAtMs };
        return hasPassed(counter, nowMs) ? { used: 0, held: 0, resetAtMs: null } : stateOf(charge, counter);
      });
    },

    async spent(counterIds: readonly string[]): Promise<number[]> {
      const unknown = counterIds.filter((id) => !counters.has(id));
      const balances = unknown.length === 0 ? new Map<string, number>() : await options.loadBalances(unknown);
      return counterIds.map((id) => counters.get(id)?.used ?? balances.get(id) ?? 0);
    },

    adjust: move,

    openHolds: () => holds.size,

    expire(nowMs: number): number {
      let freed = 0;
      for (const hold of holds.list()) {
        if (hold.expiresAtMs > nowMs) continue;
        finish(hold, null, nowMs);
        freed += 1;
      }
      if (nowMs - sweptAtMs >= IDLE_SWEEP_MS) {
        sweptAtMs = nowMs;
        for (const [id, counter] of counters) {
          const rolling = counter.windowMs > 0 && !hasPassed(counter, nowMs);
          if (counter.holds === 0 && !rolling && nowMs - counter.touchedAtMs >= idleMs) counters.delete(id);
        }
      }
      return freed;
    },

    async close(): Promise<void> {},
  };

  function move(counterId: string, deltaNanoUsd: number): void {
    if (loading.has(counterId)) movedWhileLoading.add(counterId);
    const counter = counters.get(counterId);
    if (counter !== undefined) counter.used += deltaNanoUsd;
  }
}

function hasPassed(counter: Counter, nowMs: number): boolean {
  return counter.windowMs > 0 && counter.windowStartMs > 0 && nowMs >= counter.windowStartMs + counter.windowMs;
}

function fits(charge: Charge, counter: Counter): boolean {
  return counter.used + counter.held + charge.atLeast <= charge.ceiling;
}

function take(charge: Charge, counter: Counter, nowMs: number): HeldCharge {
  const { used } = counter;
  const left = charge.ceiling - used - counter.held;
  const granted = Math.min(charge.amount, left);
  if (charge.windowMs > 0 && counter.windowStartMs === 0) counter.windowStartMs = nowMs;
  counter.held += granted;
  counter.holds += 1;
  counter.touchedAtMs = nowMs;
  return { charge, granted, usedBefore: used, remaining: left - granted, windowStartMs: counter.windowStartMs };
}

/** What was held is free again, or used. Null: nothing of it was. */
function giveBack(counter: Counter, held: HeldCharge, used: Consumption | null, nowMs: number): void {
  counter.holds -= 1;
  counter.touchedAtMs = nowMs;
  // What was held in a window that has passed went with it.
  if (counter.windowStartMs !== held.windowStartMs) return;
  counter.held -= held.granted;
  if (used !== null) counter.used += consumed(held, used);
}

function stateOf(charge: Charge, counter: Counter): CounterState {
  const windowEndMs =
    counter.windowMs > 0 && counter.windowStartMs > 0 ? counter.windowStartMs + counter.windowMs : null;
  return { used: counter.used, held: counter.held, resetAtMs: charge.resetAtMs ?? windowEndMs };
}

function shortageOf(charge: Charge, counter: Counter): Shortage {
  return { charge, ...stateOf(charge, counter) };
}
