/**
 * What one process has of one counter: parts of it that the store holds for this process (`lots`), out of which calls
 * are served without asking. The books of it, and nothing else: who asks the store, and when, is in slice-set.ts.
 *
 * At every moment the lots add up to at least what calls hold plus what was used and not reported, except where a call
 * used more than it held. So what the store counts as used and held never falls short of what is.
 */
import type { Charge, ChargeUnit, Hold } from '../core/charge.ts';

/** A part of a counter, held in the store until it is reported what became of it. */
export interface Lot {
  hold: Hold;
  granted: number;
  expiresAtMs: number;
  renewing: boolean;
}

/** Calls that have to fit into what is left, for each process, before anything is set aside for them. */
const LEAST_CALLS_LEFT = 50;
/** A process never has more than this part of what is left, divided by the processes. */
const SHARE = 4;
/** Nor more than so many calls would take. */
const MOST_CALLS = 1_000;
/** Nothing is served from a lot that is about to end: a call begun then may outlast it. */
const MARGIN_MS = 3_000;

export class Slice {
  readonly counter: string;
  readonly unit: ChargeUnit;
  readonly windowMs: number;
  /** Of the rolling window that it is a part of, by this process's clock; 0: none. */
  windowStartMs: number;
  /** The latest charge it was asked for: what is asked of the store is made after it. */
  charge: Charge;
  lots: Lot[] = [];
  /** Of all lots. */
  granted = 0;
  /** By calls of this process. */
  held = 0;
  /** By calls of this process, the store not having been told. */
  unreported = 0;
  /** In the store, as far as is known. */
  used: number;
  /** In the store, for anybody, as far as is known. */
  left: number;
  usedAtMs: number;
  /** Lots that the store has been asked for. */
  asking = 0;
  /** With less free than this it is to be filled up. */
  low = 0;
  /** Nothing more is asked for: what there is goes back. */
  closing = false;
  #servesUntilMs = 0;

  constructor(charge: Charge, known: { used: number; left: number; windowStartMs: number }, nowMs: number) {
    this.counter = charge.counter;
    this.unit = charge.unit;
    this.windowMs = charge.windowMs;
    this.charge = charge;
    this.windowStartMs = known.windowStartMs;
    this.used = known.used;
    this.left = known.left;
    this.usedAtMs = nowMs;
  }

  /** What the next call can have. */
  get free(): number {
    return this.granted - this.held - this.unreported;
  }

  canTake(charge: Charge, nowMs: number): boolean {
    return charge.amount <= this.free && nowMs < this.#servesUntilMs && charge.ceiling >= this.charge.ceiling;
  }

  /** Takes all that the charge wants, or nothing. */
  take(charge: Charge, nowMs: number): boolean {
    if (!this.canTake(charge, nowMs)) {
      if (charge.ceiling < this.charge.ceiling) this.closing = true;
      return false;
    }
    this.held += charge.amount;
    this.usedAtMs = nowMs;
    return true;
  }

  /** A call has ended. `consumed`: of what the counter counts. */
  end(amount: number, consumed: number): void {
    this.held -= amount;
    this.unreported += consumed;
  }

  add(lot: Lot): void {
    this.lots.push(lot);
    this.granted += lot.granted;
    this.#measure();
  }

  /** The lot's lease is longer now. */
  extend(lot: Lot, expiresAtMs: number): void {
    lot.expiresAtMs = expiresAtMs;
    this.#measure();
  }

  /**
   * Takes out the oldest lot, to be reported as used to the extent of what is unreported; undefined where the others
   * would not cover the rest. More than the lot was is reported with the last one only, so that what the store counts
   * does not grow by a report.
   */
  giveUp(): { lot: Lot; used: number } | undefined {
    const [lot] = this.lots;
    if (lot === undefined) return undefined;
    const used = this.lots.length === 1 ? this.unreported : Math.min(this.unreported, lot.granted);
    if (this.granted - lot.granted < this.held + this.unreported - used) return undefined;
    return this.#remove(lot, used);
  }

  /** Takes out the oldest lot whose lease has run out: the store does not hold it any more. */
  lose(nowMs: number): { lot: Lot; used: number } | undefined {
    const lot = this.lots.find(({ expiresAtMs }) => expiresAtMs <= nowMs);
    if (lot === undefined) return undefined;
    // Lots that are still held are the better place: there everything counts, and not money alone.
    return this.#remove(lot, this.lots.length === 1 ? this.unreported : 0);
  }

  #remove(lot: Lot, used: number): { lot: Lot; used: number } {
    this.lots.splice(this.lots.indexOf(lot), 1);
    this.granted -= lot.granted;
    this.unreported -= used;
    this.used += used;
    this.#measure();
    return { lot, used };
  }

  /** The window that it is a part of is over. */
  isPast(nowMs: number): boolean {
    return this.windowStartMs > 0 && nowMs >= this.windowStartMs + this.windowMs;
  }

  /** Nobody holds anything of it, and the store knows everything. */
  isDone(): boolean {
    return this.lots.length === 0 && this.held === 0 && this.unreported === 0 && this.asking === 0;
  }

  #measure(): void {
    let untilMs = this.lots.length === 0 ? 0 : Number.POSITIVE_INFINITY;
    for (const { expiresAtMs } of this.lots) untilMs = Math.min(untilMs, expiresAtMs - MARGIN_MS);
    if (this.windowStartMs > 0) untilMs = Math.min(untilMs, this.windowStartMs + this.windowMs);
    this.#servesUntilMs = untilMs;
  }
}

/**
 * How much of what is left a process may set aside for calls that want `amount`; 0 near the ceiling, where each call
 * has to ask the store.
 */
export function computeShare(left: number, amount: number, processes: number): number {
  const wanted = Math.max(1, amount);
  if (left < LEAST_CALLS_LEFT * wanted * processes) return 0;
  return Math.min(Math.floor(left / (SHARE * processes)), MOST_CALLS * wanted);
}
