/**
 * What fills up: requests, tokens, parallel slots, money held. One type for memory, PostgreSQL and Redis.
 *
 * `reserve` is the only place where two calls can race, and it is atomic: it grants every charge of the list, each
 * between `atLeast` and `amount`, or none. Every hold ends once: by `settle`, by `release`, or when its lease expires.
 * Settling or releasing a hold that has ended does nothing.
 * A hold is settled, released and renewed by the process that made it; any process frees it once its lease has run out.
 * Methods are synchronous where the implementation can be; callers await either.
 */
import type { Charge, Consumption, CounterState, Hold, Reservation } from '../core/charge.ts';

export type MaybePromise<T> = T | Promise<T>;

export interface Counters {
  reserve(charges: readonly Charge[], nowMs: number, leaseMs: number): MaybePromise<Reservation>;
  /** Turns what was held into what was used: requests stay, slots free up, tokens and money become real. */
  settle(hold: Hold, used: Consumption, nowMs: number): MaybePromise<void>;
  /** The call did not happen: everything held is given back, requests too. */
  release(hold: Hold, nowMs: number): MaybePromise<void>;
  /** Extends the lease of a call that is still running (a long stream). */
  renew(hold: Hold, nowMs: number, leaseMs: number): MaybePromise<void>;
  /** State of the counters of these charges, in order, as if looked at now. Changes nothing. */
  read(charges: readonly Charge[], nowMs: number): MaybePromise<CounterState[]>;
  /** Money used in budget counters by id (settled, not held), in order. What `spend` shows and enforcement uses. */
  spent(counterIds: readonly string[]): MaybePromise<number[]>;
  /**
   * Moves a balance that is being counted; one that is not has it from the ledger when it is next needed. `change`: the
   * number of the administrator's change in the change feed. Every process hears of it; what they share moves once.
   * Callers need not wait: it never rejects, and comes before whatever is asked of these counters afterwards.
   */
  adjust(counterId: string, deltaNanoUsd: number, change?: number): MaybePromise<void>;
  /**
   * The ledger has bills of a process that died, of which nobody knows whether they came through these counters.
   * `moved`: budget counters by id, and the nano-dollars that those bills add up to. From now on nothing of it is missing
   * here; what came through and is counted twice is put right from the ledger. Never rejects. Absent where the counters
   * of a process die with it.
   */
  reread?(moved: ReadonlyMap<string, number>): MaybePromise<void>;
  /**
   * Holds that have not ended, of all processes that share the store. Never more than there are calls in flight, or
   * something has leaked.
   */
  openHolds(): MaybePromise<number>;
  /** Frees holds whose lease has expired; called on a timer. Returns how many. */
  expire(nowMs: number): MaybePromise<number>;
  close(): Promise<void>;
}

/** Where a budget counter's opening balance comes from: the ledger, including what is journalled but not yet shipped. */
export type LoadBalances = (counterIds: readonly string[]) => Promise<Map<string, number>>;
