/**
 * The slices of a process: which counters it has a part of, when the store is asked for more, and when it is told what
 * became of them. What a single slice's books are is in slice.ts.
 *
 * What was used is reported, and the slice filled up, twice a second and before it runs out. A slice goes back when nothing has
 * been taken of it for a second, when its window is over, when little is left, and, its lease not being renewed, when
 * its process dies.
 */
import type { Charge, HeldCharge, Hold } from '../core/charge.ts';
import type { Counters } from './counters.ts';
import { computeShare, type Lot, Slice } from './slice.ts';
import type { StoreTraffic } from './store-traffic.ts';

const LEASE_MS = 15_000;
const RENEW_BEFORE_MS = 10_000;
/** A slice of which nothing was taken for so long goes back. */
const IDLE_MS = 1_000;
/** What was used of all slices goes to the store together, so often: it is one write however many slices there are. */
const EXCHANGE_EVERY_MS = 500;
/** Two lots: one to take from while the other is reported and replaced. */
const LOTS = 2;

export interface SliceSet {
  get(counter: string): Slice | undefined;
  /** The present one of a counter and those that fade. */
  of(counter: string): Slice[];
  /** How many lots there are of all. */
  lotCount(): number;
  /** Of some slice the next call may not find enough: asks the store for what is missing. */
  fill(slice: Slice, nowMs: number): void;
  /** The store has just said how a counter stands: if enough is left, part of it is set aside. */
  learn(held: HeldCharge, nowMs: number): void;
  /**
   * The store was short of what a charge wants: gives it what this process has of the counter and does not use. True:
   * the charge may fit now, in a slice, or in what the store got back since `reportsBefore` reports.
   */
  freeUp(short: Charge, reportsBefore: number, nowMs: number): Promise<boolean>;
  /** A turn of the timer, which comes more often than reports go out. */
  tend(nowMs: number): void;
  /** Nothing is taken of any slice any more, and all go back as far as no call holds them. */
  retireAll(): void;
}

export function createSliceSet(store: Counters, traffic: StoreTraffic, sharers: () => number): SliceSet {
  const slices = new Map<string, Slice>();
  /** Those that nothing is taken of any more, until calls have ended and everything is reported. */
  const fading = new Set<Slice>();
  let exchangedAtMs = 0;

  function learn({ charge, usedBefore, remaining, windowStartMs }: HeldCharge, nowMs: number): void {
    let slice = slices.get(charge.counter);
    if (slice === undefined || slice.isPast(nowMs)) {
      if (slice !== undefined) retire(slice);
      if (windowStartMs > 0 && nowMs >= windowStartMs + charge.windowMs) return;
      if (computeShare(remaining, charge.amount, sharers()) === 0) return;
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
    const size = Math.ceil(computeShare(slice.left + slice.granted, slice.charge.amount, sharers()) / LOTS);
    if (size === 0) {
      slice.closing = true;
      return;
    }
    slice.low = size;
    const missing = size * LOTS - slice.free - slice.asking * size;
    for (let lots = Math.round(missing / size); lots > 0; lots -= 1) traffic.track(ask(slice, size, nowMs));
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
        slice.closing = computeShare(slice.left + slice.granted, charge.amount, sharers()) === 0;
      }
    } catch {
      traffic.failing = true;
    } finally {
      slice.asking -= 1;
    }
  }

  function receive(slice: Slice, hold: Hold, nowMs: number): void {
    const [held] = hold.charges as [HeldCharge];
    const lot: Lot = { hold, granted: held.granted, expiresAtMs: nowMs + LEASE_MS, renewing: false };
    const apartMs = Math.abs(held.windowStartMs - slice.windowStartMs);
    if (slices.get(slice.counter) !== slice || slice.closing || apartMs > slice.windowMs / 2) {
      traffic.report(lot, slice.unit, 0, nowMs);
      return;
    }
    slice.left = held.remaining;
    slice.used = held.usedBefore;
    slice.add(lot);
  }

  /** Nothing more is taken of it; what it has goes back as calls end. */
  function retire(slice: Slice): void {
    if (slices.get(slice.counter) === slice) slices.delete(slice.counter);
    fading.add(slice);
  }

  /** Lets go of what the store should have back, and tells it what was used. */
  function tendOne(slice: Slice, nowMs: number, due: boolean): void {
    for (let lost = slice.lose(nowMs); lost !== undefined; lost = slice.lose(nowMs)) {
      traffic.report(lost.lot, slice.unit, lost.used, nowMs);
    }
    const current = slices.get(slice.counter) === slice;
    if (current && slice.isPast(nowMs)) retire(slice);
    if (!traffic.failing) exchange(slice, nowMs, due);
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
      traffic.report(given.lot, slice.unit, given.used, nowMs);
    }
    fill(slice, nowMs);
  }

  function giveUpAll(slice: Slice, nowMs: number): void {
    for (let given = slice.giveUp(); given !== undefined; given = slice.giveUp()) {
      traffic.report(given.lot, slice.unit, given.used, nowMs);
    }
  }

  /** Calls went on when the store had long freed what they held: of money it is told all the same. */
  function reportAlone(slice: Slice): void {
    if (slice.unit === 'nano_usd') traffic.note(slice.counter, slice.unreported);
    slice.used += slice.unreported;
    slice.unreported = 0;
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

  async function freeUp(short: Charge, reportsBefore: number, nowMs: number): Promise<boolean> {
    const slice = slices.get(short.counter);
    if (slice !== undefined) {
      slice.closing = true;
      // Lots that are on their way go back as soon as they come.
      if (slice.asking > 0) await traffic.settled();
      if (slice.canTake(short, nowMs)) return true;
      giveUpAll(slice, nowMs);
    }
    return traffic.hasReported(short.counter, reportsBefore);
  }

  const all = (): Slice[] => [...slices.values(), ...fading];

  return {
    get: (counter) => slices.get(counter),
    of(counter) {
      const current = slices.get(counter);
      return [...(current === undefined ? [] : [current]), ...[...fading].filter((slice) => slice.counter === counter)];
    },
    lotCount: () => all().reduce((sum, slice) => sum + slice.lots.length, 0),
    fill,
    learn,
    freeUp,
    tend(nowMs) {
      const due = Math.abs(nowMs - exchangedAtMs) >= EXCHANGE_EVERY_MS;
      if (due) {
        exchangedAtMs = nowMs;
        traffic.sendNoted();
      }
      for (const slice of all()) tendOne(slice, nowMs, due);
    },
    retireAll() {
      for (const slice of all()) {
        retire(slice);
        giveUpAll(slice, slice.usedAtMs);
      }
    },
  };
}
