import type { OwnerRef } from './owner.ts';

/** What a counter counts. Decides what a held amount becomes when the call settles. */
export type ChargeUnit = 'requests' | 'tokens' | 'slots' | 'nano_usd';

/** The configuration field that a charge stands for; named in every refusal. */
export type LimitName =
  | 'max_budget'
  | 'budget_limits'
  | 'model_max_budget'
  | 'rpm_limit'
  | 'tpm_limit'
  | 'model_rpm_limit'
  | 'model_tpm_limit'
  | 'tag_rpm_limit'
  | 'max_parallel_requests';

/**
 * One line of an admission plan: what this request would use up of one limit.
 * `reserve` grants an amount between `atLeast` and `amount` on every charge of a plan, or nothing at all.
 */
export interface Charge {
  readonly owner: OwnerRef;
  readonly limit: LimitName;
  /** Set for per-model limits. */
  readonly model?: string | undefined;
  /** Set for limits of calls with one tag. */
  readonly tag?: string | undefined;
  /** Identity of the counter. Budgets put the start of their window in it: a new window is a new counter. */
  readonly counter: string;
  readonly unit: ChargeUnit;
  /** Wanted. */
  readonly amount: number;
  /** The least that lets the request go on; 0 ≤ atLeast ≤ amount. */
  readonly atLeast: number;
  /** used + held may never pass this. */
  readonly ceiling: number;
  /**
   * > 0: the counter's window opens with its first charge and lasts this long (rate limits).
   * 0: the counter does not roll over by itself (parallel slots; budgets, whose id names the window).
   */
  readonly windowMs: number;
  /** When the limit frees up by the clock, for budgets: end of the budget window. Null: never, or see windowMs. */
  readonly resetAtMs: number | null;
}

/** A granted charge. */
export interface HeldCharge {
  charge: Charge;
  granted: number;
  /** What had been used before this grant, holds of other calls not counted. */
  usedBefore: number;
  /** What is left for others after this grant. */
  remaining: number;
  /** Start of the rolling window in which it was granted (0 where windowMs is 0). */
  windowStartMs: number;
}

/** Everything one request holds: a lease that ends by settle, release, or by itself at `expiresAtMs`. */
export interface Hold {
  id: string;
  charges: readonly HeldCharge[];
  expiresAtMs: number;
}

/** The state of one counter as a refusal or a header shows it. */
export interface CounterState {
  used: number;
  held: number;
  /** When it frees up by the clock; null = only by settling calls or by an administrator. */
  resetAtMs: number | null;
}

/** Why `reserve` granted nothing: the first charge that did not fit, and the state of its counter. */
export interface Shortage extends CounterState {
  charge: Charge;
}

export type Reservation = { granted: true; hold: Hold } | { granted: false; shortage: Shortage };

/** What a call turned out to use. */
export interface Consumption {
  tokens: number;
  nanoUsd: number;
}
