import type { Charge, HeldCharge, Reservation } from '../core/charge.ts';
import type { RedisReply } from './redis-link.ts';
import type { KeptHold } from './stand-in.ts';

/** A hold as the process that made it knows it. */
export interface RedisHold extends KeptHold {
  /** The life of the counters in which it stands; null: it was granted while Redis was away. */
  epochId: string | null;
}

export type RedisReservation = { granted: true; hold: RedisHold } | Extract<Reservation, { granted: false }>;

/** What `reserve` answered, in the caller's terms and by the caller's clock. */
export function buildReservation(
  charges: readonly Charge[],
  reply: RedisReply,
  nowMs: number,
  leaseMs: number,
  { id, epochId }: { id: string; epochId: string },
): RedisReservation {
  const [verdict, atMs, ...rest] = reply as [string, number, ...number[]];
  const aheadMs = nowMs - atMs;
  if (verdict === 'short') {
    const [position = 1, used = 0, held = 0, startMs = 0] = rest;
    const charge = charges[position - 1] as Charge;
    return { granted: false, shortage: { charge, used, held, resetAtMs: toResetAtMs(charge, startMs, aheadMs) } };
  }
  return { granted: true, hold: buildHold(id, epochId, buildCharges(charges, rest), nowMs, leaseMs) };
}

export function buildHold(
  id: string,
  epochId: string | null,
  charges: readonly HeldCharge[],
  nowMs: number,
  leaseMs: number,
): RedisHold {
  return { id, charges, expiresAtMs: nowMs + leaseMs, rosterIndex: -1, epochId, leaseMs, twin: null };
}

function buildCharges(charges: readonly Charge[], values: readonly number[]): HeldCharge[] {
  return charges.map((charge, index) => {
    const [used = 0, held = 0, granted = 0, windowStartMs = 0] = values.slice(index * 4, index * 4 + 4);
    return { charge, granted, usedBefore: used, remaining: charge.ceiling - used - held - granted, windowStartMs };
  });
}

/** When a counter frees up, by the caller's clock. `aheadMs`: how far the caller's clock is ahead of Redis's. */
export function toResetAtMs(charge: Charge, startMs: number, aheadMs: number): number | null {
  if (charge.resetAtMs !== null) return charge.resetAtMs;
  return charge.windowMs > 0 && startMs > 0 ? startMs + charge.windowMs + aheadMs : null;
}
