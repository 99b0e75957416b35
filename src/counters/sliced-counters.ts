/**
 * Counters that serve from memory what a shared store has set aside for this process. Of a counter with enough left, the
 * process takes a slice: a share of what is left, held in the store like a call, and serves calls from it without
 * asking. What was used is reported, and the slice filled up, twice a second (by `expire`, on a timer) and before it runs out.
 * Near the ceiling there are no slices, and every call asks the store: so limits are exact, and never passed.
 *
 * A slice goes back when nothing has been taken of it for a second, when its window is over, when little is left, and, its lease
 * not being renewed, when its process dies. A store that cannot be reached stops nobody who still has a slice.
 */
import type { Charge, Consumption, CounterState, HeldCharge, Hold, Reservation } from '../core/charge.ts';
import { Roster, type RosterMember } from '../core/roster.ts';
import { consumed } from './consumed.ts';
import type { Counters, MaybePromise } from './counters.ts';
import { computeShare, type Lot, Slice } from './slice.ts';

export interface SlicedCounterOptions {
  /** Shared by the processes; closed with these counters. */
  store: Counters;
  /** How many processes there are, this one included. */
  liveProcesses: () => number;
}

interface OpenHold extends Hold, RosterMember {
  /** Of each charge what it was taken of; null: of the store. */
  slices: readonly (Slice | null)[];
  /** What the store holds for this call. */
  stored: Hold | null;
}

const LEASE_MS = 15_000;
const RENEW_BEFORE_MS = 10_000;
/** A slice of which nothing was taken for so long goes back. */
const IDLE_MS = 1_000;
/** What was used of all slices goes to the store together, so often: it is one write however many slices there are. */
const EXCHANGE_EVERY_MS = 500;
/** Two lots: one to take from while the other is reported and replaced. */
const LOTS = 2;
const READ_ATTEMPTS = 5;
const SETTLE_ROUNDS = 5;

export function createSlicedCounters({ store, liveProcesses }: SlicedCounterOptions): Counters {
  const slices = new Map<string, Slice>();
  /** Those that nothing is taken of any more, until calls have ended and everything is reported. */
  const fading = new Set<Slice>();
  const holds = new Roster<OpenHold>();
  /** Spend of counters that were not charged: it counts where somebody else charges them. */
  const uncharged = new Map<string, number>();
  /** On their way to the store. */
  const transit = new Set<Promise<unknown>>();
  let unsent: { hold: Hold; used: Consumption }[] = [];
  /** The store does not answer: what there is has to last. */
  let failing = false;
  let exchangedAtMs = 0;
  let reports = 0;
  let holdCount = 0;

  function reserve(charges: readonly Charge[], nowMs: number, leaseMs: number): MaybePromise<Reservation> {
    const taken = takeLocal(charges, nowMs);
    if (taken.missing > 0) return reserveStored(charges, taken.slices, nowMs, leaseMs);
    const held = charges.map((charge, index) => describe(charge, taken.slices[index] as Slice));
    return { granted: true, hold: open(held, taken.slices, null, nowMs + leaseMs) };
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
        if (slice.free < slice.low) fill(slice, nowMs);
        return slice;
      }
      missing += 1;
      return null;
    });
    return { slices: found, missing };
  }

  async function reserveStored(
    charges: readonly Charge[],
    found: readonly (Slice | null)[],
    nowMs: number,
    leaseMs: number,
  ): Promise<Reservation> {
    const rest = charges.filter((_charge, index) => found[index] === null);
    let reservation: Reservation;
    try {
      for (const { counter } of rest) sendUncharged(counter);
      reservation = await store.reserve(rest, nowMs, leaseMs);
      // What this process has set aside keeps none of its own calls out.
      while (!reservation.granted && (await giveBack(reservation.shortage.charge.counter, nowMs))) {
        reservation = await store.reserve(rest, nowMs, leaseMs);
      }
    } catch (error) {
      undo(charges, found);
      throw error;
    }
    if (!reservation.granted) {
      undo(charges, found);
      return reservation;
    }
    const stored = reservation.hold;
    for (const held of stored.charges) learn(held, nowMs);
    let next = 0;
    const held = charges.map((charge, index) => {
      const slice = found[index] as Slice | null;
      return slice === null ? (stored.charges[next++] as HeldCharge) : describe(charge, slice);
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

  /** The store has just said how a counter stands: if enough is left, part of it is set aside. */
  function learn({ charge, usedBefore, remaining, windowStartMs }: HeldCharge, nowMs: number): void {
    let slice = slices.get(charge.counter);
    if (slice === undefined || slice.isPast(nowMs)) {
      if (slice !== undefined) retire(slice);
      if (windowStartMs > 0 && nowMs >= windowStartMs + charge.windowMs) return;
      if (computeShare(remaining, charge.amount, liveProcesses()) === 0) return;
      slice = new Slice(charge, { used: usedBefore, left: remaining, windowStartMs }, nowMs);
      slices.set(charge.counter, slice);
    }
    slice.charge = charge;
    slice.left = remaining;
    slice.usedAtMs = nowMs;
    slice.closing = false;
    fill(slice, nowMs);
  }

  /** Asks the store for lots until there are enough, or for none where little is left. */
  function fill(slice: Slice, nowMs: number): void {
    if (slice.closing) return;
    const size = Math.ceil(computeShare(slice.left + slice.granted, slice.charge.amount, liveProcesses()) / LOTS);
    if (size === 0) {
      slice.closing = true;
      return;
    }
    slice.low = size;
    const missing = size * LOTS - slice.free - slice.asking * size;
    for (let lots = Math.round(missing / size); lots > 0; lots -= 1) track(ask(slice, size, nowMs));
  }

  async function ask(slice: Slice, size: number, nowMs: number): Promise<void> {
    const { charge } = slice;
    slice.asking += 1;
    // Reported is a number of requests, and not, as of a single call, that there was one.
    const wanted: Charge = {
      ...charge,
      unit: charge.unit === 'requests' ? 'tokens' : charge.unit,
      amount: size,
      atLeast: size,
    };
    try {
      const reservation = await store.reserve([wanted], nowMs, LEASE_MS);
      if (reservation.granted) receive(slice, reservation.hold, nowMs);
      else {
        slice.left = charge.ceiling - reservation.shortage.used - reservation.shortage.held;
        slice.closing = computeShare(slice.left + slice.granted, charge.amount, liveProcesses()) === 0;
      }
    } catch {
      failing = true;
    } finally {
      slice.asking -= 1;
    }
  }

  function receive(slice: Slice, hold: Hold, nowMs: number): void {
    const [held] = hold.charges as [HeldCharge];
    const lot: Lot = { hold, granted: held.granted, expiresAtMs: nowMs + LEASE_MS, renewing: false };
    const apartMs = Math.abs(held.windowStartMs - slice.windowStartMs);
    if (slices.get(slice.counter) !== slice || slice.closing || apartMs > slice.windowMs / 2) {
      report(lot, slice.unit, 0, nowMs);
      return;
    }
    slice.left = held.remaining;
    slice.used = held.usedBefore;
    slice.add(lot);
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

  /** Nothing more is taken of it; what it has goes back as calls end. */
  function retire(slice: Slice): void {
    if (slices.get(slice.counter) === slice) slices.delete(slice.counter);
    fading.add(slice);
  }

  /** Lets go of what the store should have back, and tells it what was used. */
  function tend(slice: Slice, nowMs: number, due: boolean): void {
    for (let lost = slice.lose(nowMs); lost !== undefined; lost = slice.lose(nowMs)) {
      report(lost.lot, slice.unit, lost.used, nowMs);
    }
    const current = slices.get(slice.counter) === slice;
    if (current && slice.isPast(nowMs)) retire(slice);
    if (!failing) exchange(slice, nowMs, due);
    if (slice.lots.length === 0 && slice.unreported !== 0) reportAlone(slice);
    for (const lot of slice.lots) if (lot.expiresAtMs - nowMs < RENEW_BEFORE_MS) void renewLot(slice, lot, nowMs);
    if (!slice.isDone()) return;
    fading.delete(slice);
    if (slices.get(slice.counter) === slice) slices.delete(slice.counter);
  }

  function exchange(slice: Slice, nowMs: number, due: boolean): void {
    const idle = nowMs - slice.usedAtMs >= IDLE_MS;
    if (idle || slice.closing || fading.has(slice)) {
      giveUpAll(slice, nowMs);
      return;
    }
    if (!due) return;
    // A slice of a single lot waits for another, so as not to be without any.
    while (slice.unreported > 0 && slice.lots.length >= LOTS) {
      const given = slice.giveUp();
      if (given === undefined) break;
      report(given.lot, slice.unit, given.used, nowMs);
    }
    fill(slice, nowMs);
  }

  function giveUpAll(slice: Slice, nowMs: number): void {
    for (let given = slice.giveUp(); given !== undefined; given = slice.giveUp()) {
      report(given.lot, slice.unit, given.used, nowMs);
    }
  }

  /** Calls went on when the store had long freed what they held: of money it is told all the same. */
  function reportAlone(slice: Slice): void {
    if (slice.unit === 'nano_usd') note(slice.counter, slice.unreported);
    slice.used += slice.unreported;
    slice.unreported = 0;
  }

  function report({ hold }: Lot, unit: Charge['unit'], amount: number, nowMs: number): void {
    const used = { tokens: unit === 'nano_usd' ? 0 : amount, nanoUsd: unit === 'nano_usd' ? amount : 0 };
    reports += 1;
    send({ hold, used }, nowMs);
  }

  function send(ended: { hold: Hold; used: Consumption }, nowMs: number): void {
    track(
      Promise.resolve(store.settle(ended.hold, ended.used, nowMs)).catch(() => {
        failing = true;
        unsent.push(ended);
      }),
    );
  }

  function track(sent: Promise<unknown>): void {
    transit.add(sent);
    void sent.finally(() => transit.delete(sent));
  }

  async function renewLot(slice: Slice, lot: Lot, nowMs: number): Promise<void> {
    if (lot.renewing) return;
    lot.renewing = true;
    try {
      await store.renew(lot.hold, nowMs, LEASE_MS);
    } catch {
      // It is asked again by the next turn of the timer.
    }
    lot.renewing = false;
    if (slice.lots.includes(lot)) slice.extend(lot, lot.hold.expiresAtMs);
  }

  /** Whether the store has something back that it did not have. */
  async function giveBack(counter: string, nowMs: number): Promise<boolean> {
    const slice = slices.get(counter);
    if (slice === undefined || slice.lots.length === 0) return false;
    slice.closing = true;
    const before = slice.lots.length;
    giveUpAll(slice, nowMs);
    await settled();
    return slice.lots.length < before;
  }

  /** What is on its way has been answered, and what followed from the answers. */
  async function settled(): Promise<void> {
    for (let round = 0; round < SETTLE_ROUNDS && transit.size > 0; round += 1) await Promise.all(transit);
  }

  function note(counter: string, nanoUsd: number): void {
    uncharged.set(counter, (uncharged.get(counter) ?? 0) + nanoUsd);
  }

  /** Of one counter, or of all. */
  function sendUncharged(only?: string): void {
    for (const counter of only === undefined ? uncharged.keys() : [only]) {
      const nanoUsd = uncharged.get(counter);
      uncharged.delete(counter);
      if (nanoUsd !== undefined) track(Promise.resolve(store.adjust(counter, nanoUsd)));
    }
  }

  function ofCounter(counter: string): Slice[] {
    const current = slices.get(counter);
    return [...(current === undefined ? [] : [current]), ...[...fading].filter((slice) => slice.counter === counter)];
  }

  /** Asks the store something, and what this process has to add to the answer, at one moment as far as reports go. */
  async function look<T, L>(ask: () => MaybePromise<T>, local: () => L): Promise<[T, L]> {
    for (let attempt = 1; ; attempt += 1) {
      sendUncharged();
      await settled();
      const before = reports;
      const own = local();
      const answer = await ask();
      if (before === reports || attempt === READ_ATTEMPTS) return [answer, own];
    }
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
          if (slice !== null && charges[index]?.charge.unit === 'nano_usd') note(slice.counter, used.nanoUsd);
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
      const [states, own] = await look(
        () => store.read(charges, nowMs),
        () =>
          charges.map(({ counter }) => {
            const mine = ofCounter(counter).filter((slice) => !slice.isPast(nowMs));
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
      const [stored, own] = await look(
        () => store.spent(counterIds),
        () => counterIds.map((id) => sumOf(ofCounter(id), ({ unreported }) => unreported)),
      );
      return stored.map((nanoUsd, index) => nanoUsd + (own[index] ?? 0));
    },

    adjust(counter: string, deltaNanoUsd: number, change?: number): MaybePromise<void> {
      const slice = slices.get(counter);
      if (change === undefined) {
        if (slice === undefined) note(counter, deltaNanoUsd);
        else slice.end(0, deltaNanoUsd);
        return;
      }
      if (slice !== undefined) slice.closing = true;
      return store.adjust(counter, deltaNanoUsd, change);
    },

    ...(store.reread === undefined ? {} : { reread }),

    async openHolds(): Promise<number> {
      await settled();
      const lots = sumOf([...slices.values(), ...fading], (slice) => slice.lots.length);
      const local = holds.list().filter(({ stored }) => stored === null).length;
      return (await store.openHolds()) - lots + local;
    },

    async expire(nowMs: number): Promise<number> {
      let freed = 0;
      for (const hold of holds.list()) {
        if (hold.expiresAtMs > nowMs) continue;
        finish(hold, null, nowMs);
        if (hold.stored === null) freed += 1;
      }
      const again = unsent;
      unsent = [];
      for (const ended of again) send(ended, nowMs);
      const due = Math.abs(nowMs - exchangedAtMs) >= EXCHANGE_EVERY_MS;
      if (due) {
        exchangedAtMs = nowMs;
        sendUncharged();
      }
      for (const slice of [...slices.values(), ...fading]) tend(slice, nowMs, due);
      await settled();
      try {
        freed += await store.expire(nowMs);
        failing = false;
      } catch (error) {
        failing = true;
        throw error;
      }
      return freed;
    },

    async close(): Promise<void> {
      sendUncharged();
      for (const slice of [...slices.values(), ...fading]) {
        retire(slice);
        giveUpAll(slice, slice.usedAtMs);
      }
      await settled();
      await store.close();
    },
  };
}
