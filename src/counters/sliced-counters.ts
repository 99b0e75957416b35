/**
 * Counters that serve from memory what a shared store has set aside for this process. Of a counter with enough left, the
 * process takes a slice: a share of what is left, held in the store like a call, and serves calls from it without
 * asking. Near the ceiling there are no slices, and every call asks the store: so limits are exact, and never passed.
 * A store that cannot be reached stops nobody who still has a slice.
 */
import type { Charge, Consumption, CounterState, HeldCharge, Hold, Reservation } from '../core/charge.ts';
import { Roster, type RosterMember } from '../core/roster.ts';
import { consumed } from './consumed.ts';
import type { Counters, MaybePromise } from './counters.ts';
import type { Slice } from './slice.ts';
import { createSliceSet } from './slice-set.ts';
import { createStoreTraffic } from './store-traffic.ts';

export interface SlicedCounterOptions {
  /** Shared by the processes; closed with these counters. */
  store: Counters;
  /** How many processes there are, this one included. */
  sharers: () => number;
}

interface OpenHold extends Hold, RosterMember {
  /** Of each charge what it was taken of; null: of the store. */
  slices: readonly (Slice | null)[];
  /** What the store holds for this call. */
  stored: Hold | null;
}

export function createSlicedCounters({ store, sharers }: SlicedCounterOptions): Counters {
  const traffic = createStoreTraffic(store);
  const slices = createSliceSet(store, traffic, sharers);
  const holds = new Roster<OpenHold>();
  let holdCount = 0;

  function reserve(charges: readonly Charge[], nowMs: number, leaseMs: number): MaybePromise<Reservation> {
    const taken = takeLocal(charges, nowMs);
    if (taken.missing > 0) return traffic.whileWaiting(() => reserveStored(charges, taken.slices, nowMs, leaseMs));
    return grant(charges, taken.slices, null, nowMs, leaseMs);
  }

  function reread(moved: ReadonlyMap<string, number>): MaybePromise<void> {
    // What the store has set aside stays set aside; how much is left beside it has to be asked again.
    for (const id of moved.keys()) {
      const slice = slices.get(id);
      if (slice !== undefined) slice.closing = true;
    }
    return store.reread?.(moved);
  }

  /** Takes what slices have. */
  function takeLocal(charges: readonly Charge[], nowMs: number): { slices: (Slice | null)[]; missing: number } {
    let missing = 0;
    const found = charges.map((charge) => {
      const slice = slices.get(charge.counter);
      if (slice?.take(charge, nowMs)) {
        if (slice.free < slice.low) slices.fill(slice, nowMs);
        return slice;
      }
      missing += 1;
      return null;
    });
    return { slices: found, missing };
  }

  async function reserveStored(
    charges: readonly Charge[],
    taken: readonly (Slice | null)[],
    nowMs: number,
    leaseMs: number,
  ): Promise<Reservation> {
    let found = taken;
    for (;;) {
      const rest = charges.filter((_charge, index) => found[index] === null);
      for (const { counter } of rest) traffic.sendNoted(counter);
      const reportsBefore = traffic.reportCount();
      let reservation: Reservation;
      try {
        reservation = await store.reserve(rest, nowMs, leaseMs);
      } catch (error) {
        undo(charges, found);
        throw error;
      }
      if (reservation.granted) return grant(charges, found, reservation.hold, nowMs, leaseMs);
      undo(charges, found);
      // What this process has set aside keeps none of its own calls out.
      if (!(await slices.freeUp(reservation.shortage.charge, reportsBefore, nowMs))) return reservation;
      const local = takeLocal(charges, nowMs);
      if (local.missing === 0) return grant(charges, local.slices, null, nowMs, leaseMs);
      found = local.slices;
    }
  }

  /** What slices gave, and what the store gave for the charges that no slice had enough for; null: there are none. */
  function grant(
    charges: readonly Charge[],
    found: readonly (Slice | null)[],
    stored: Hold | null,
    nowMs: number,
    leaseMs: number,
  ): Reservation {
    const asked = stored?.charges ?? [];
    for (const held of asked) slices.learn(held, nowMs);
    let next = 0;
    const held = charges.map((charge, index) => {
      const slice = found[index] as Slice | null;
      return slice === null ? (asked[next++] as HeldCharge) : describe(charge, slice);
    });
    return { granted: true, hold: open(held, found, stored, nowMs + leaseMs) };
  }

  function open(
    charges: HeldCharge[],
    taken: readonly (Slice | null)[],
    stored: Hold | null,
    expiresAtMs: number,
  ): OpenHold {
    holdCount += 1;
    const hold: OpenHold = { id: `hold_${holdCount}`, charges, expiresAtMs, slices: taken, stored, rosterIndex: -1 };
    holds.add(hold);
    return hold;
  }

  function undo(charges: readonly Charge[], found: readonly (Slice | null)[]): void {
    charges.forEach((charge, index) => {
      found[index]?.end(charge.amount, 0);
    });
  }

  function describe(charge: Charge, slice: Slice): HeldCharge {
    return {
      charge,
      granted: charge.amount,
      usedBefore: slice.used + slice.unreported,
      remaining: slice.left + slice.granted - slice.held - slice.unreported,
      windowStartMs: slice.windowStartMs,
    };
  }

  function finish(hold: OpenHold, used: Consumption | null, nowMs: number): boolean {
    if (!holds.remove(hold)) return false;
    for (let index = 0; index < hold.slices.length; index += 1) {
      const slice = hold.slices[index];
      if (slice === null || slice === undefined) continue;
      const held = hold.charges[index] as HeldCharge;
      slice.end(held.granted, used === null ? 0 : consumed(held, used));
      slice.usedAtMs = nowMs;
    }
    return true;
  }

  const sumOf = (list: readonly Slice[], value: (slice: Slice) => number): number =>
    list.reduce((sum, slice) => sum + value(slice), 0);

  return {
    reserve,

    settle(hold: Hold, used: Consumption, nowMs: number): MaybePromise<void> {
      const { slices: taken, charges, stored } = hold as OpenHold;
      if (!finish(hold as OpenHold, used, nowMs)) {
        // The lease ran out before the call ended: what it cost still counts.
        taken.forEach((slice, index) => {
          if (slice !== null && charges[index]?.charge.unit === 'nano_usd') traffic.note(slice.counter, used.nanoUsd);
        });
      }
      if (stored !== null) return store.settle(stored, used, nowMs);
    },

    release(hold: Hold, nowMs: number): MaybePromise<void> {
      const { stored } = hold as OpenHold;
      finish(hold as OpenHold, null, nowMs);
      if (stored !== null) return store.release(stored, nowMs);
    },

    renew(hold: Hold, nowMs: number, leaseMs: number): MaybePromise<void> {
      const open = hold as OpenHold;
      if (holds.has(open)) open.expiresAtMs = nowMs + leaseMs;
      if (open.stored !== null) return store.renew(open.stored, nowMs, leaseMs);
    },

    async read(charges: readonly Charge[], nowMs: number): Promise<CounterState[]> {
      const [states, own] = await traffic.look(
        () => store.read(charges, nowMs),
        () =>
          charges.map(({ counter }) => {
            const mine = slices.of(counter).filter((slice) => !slice.isPast(nowMs));
            return {
              used: sumOf(mine, ({ unreported }) => unreported),
              held: sumOf(mine, ({ held, granted }) => held - granted),
            };
          }),
      );
      return states.map((state, index) => ({
        ...state,
        used: state.used + (own[index]?.used ?? 0),
        held: Math.max(0, state.held + (own[index]?.held ?? 0)),
      }));
    },

    async spent(counterIds: readonly string[]): Promise<number[]> {
      const [stored, own] = await traffic.look(
        () => store.spent(counterIds),
        () => counterIds.map((id) => sumOf(slices.of(id), ({ unreported }) => unreported)),
      );
      return stored.map((nanoUsd, index) => nanoUsd + (own[index] ?? 0));
    },

    adjust(counter: string, deltaNanoUsd: number, change?: number): MaybePromise<void> {
      const slice = slices.get(counter);
      if (change === undefined) {
        if (slice === undefined) traffic.note(counter, deltaNanoUsd);
        else slice.end(0, deltaNanoUsd);
        return;
      }
      if (slice !== undefined) slice.closing = true;
      return store.adjust(counter, deltaNanoUsd, change);
    },

    ...(store.reread === undefined ? {} : { reread }),

    async openHolds(): Promise<number> {
      await traffic.settled();
      const local = holds.list().filter(({ stored }) => stored === null).length;
      return (await store.openHolds()) - slices.lotCount() + local;
    },

    async expire(nowMs: number): Promise<number> {
      let freed = 0;
      for (const hold of holds.list()) {
        if (hold.expiresAtMs > nowMs) continue;
        finish(hold, null, nowMs);
        if (hold.stored === null) freed += 1;
      }
      traffic.resend(nowMs);
      slices.tend(nowMs);
      await traffic.settled();
      try {
        freed += await store.expire(nowMs);
        traffic.failing = false;
      } catch (error) {
        traffic.failing = true;
        throw error;
      }
      return freed;
    },

    async close(): Promise<void> {
      traffic.sendNoted();
      slices.retireAll();
      await traffic.settled();
      await store.close();
    },
  };
}
