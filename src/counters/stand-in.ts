import { LRUCache } from 'lru-cache';
import { boundEntries } from '../core/bound-entries.ts';
import type { Charge, Consumption, HeldCharge, Hold, Reservation, Shortage } from '../core/charge.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RosterMember } from '../core/roster.ts';
import { consumed } from './consumed.ts';
import type { Counters, LoadBalances } from './counters.ts';
import { createMemoryCounters } from './memory-counters.ts';

/**
 * What happens to calls with limits while the store that they are counted in is away. `closed`: 503 until it is back. `local`: each process admits its
 * share of what was left. `open`: everything is admitted.
 */
export type FailMode = 'closed' | 'local' | 'open';

/** A hold as the process that made it knows it, so that it can be put where the store does not have it. */
export interface KeptHold extends Hold, RosterMember {
  leaseMs: number;
  /** The same in the counters that stand in for the store. */
  twin: Hold | null;
}

/** What the stand-in grants: the charges of a hold, and its twin. */
export type StandInGrant =
  | { granted: true; charges: readonly HeldCharge[]; twin: Hold | null }
  | { granted: false; shortage: Shortage };

export interface StandInOptions {
  mode: FailMode;
  /** Null: the ledger is away as well, and a budget of which nothing has been heard is refused. */
  loadBalances: LoadBalances | null;
  /** Among how many processes what is left is divided. */
  liveProcesses(): number;
  /** Holds of running calls, made while the store was there. */
  liveHolds(): readonly KeptHold[];
}

/** Counts while the store does not. */
export interface StandIn {
  /** @throws GatewayError (rejects) counters_unavailable in mode `closed` */
  reserve(charges: readonly Charge[], nowMs: number, leaseMs: number, cause: unknown): Promise<StandInGrant>;
  finish(hold: KeptHold, used: Consumption | null, nowMs: number): void;
  renew(hold: KeptHold, nowMs: number, leaseMs: number): void;
  expire(nowMs: number): void;
  /** What the store said. `aheadMs`: how far the caller's clock is ahead of the one that windows of holds go by. */
  learn(reservation: Reservation, aheadMs: number): void;
  /** The store is back. */
  end(): void;
}

/** The last that was heard of a counter, by the caller's clock. */
interface Known {
  used: number;
  held: number;
  /** 0: does not end. */
  windowEndMs: number;
}

const MOST_KNOWN = 100_000;
const NO_CEILING = Number.MAX_SAFE_INTEGER;

export function createStandIn(options: StandInOptions): StandIn {
  const known = options.mode === 'local' ? new LRUCache<string, Known>(boundEntries(MOST_KNOWN)) : null;
  let outage: Promise<Outage> | null = null;

  /** The store has been told as well. Without this, all that ends after the last word would count as held. */
  function noteEnd(hold: KeptHold, used: Consumption | null): void {
    if (known === null) return;
    for (const held of hold.charges) {
      const last = known.get(held.charge.counter);
      if (last === undefined) continue;
      last.held = Math.max(0, last.held - held.granted);
      if (used !== null) last.used += consumed(held, used);
    }
  }

  return {
    async reserve(charges, nowMs, leaseMs, cause) {
      if (options.mode === 'closed') throw unavailable(cause);
      if (known === null) return { granted: true, charges: charges.map(grantAll), twin: null };
      outage ??= beginOutage(options, known, nowMs);
      const { counters, shareOf } = await outage;
      const shares: Charge[] = [];
      for (const charge of charges) shares.push({ ...charge, ceiling: await shareOf(charge, nowMs) });
      const reservation = await counters.reserve(shares, nowMs, leaseMs);
      if (!reservation.granted) {
        const { charge, ...state } = reservation.shortage;
        const position = shares.indexOf(charge);
        return { granted: false, shortage: { ...state, charge: charges[position] as Charge } };
      }
      const held = reservation.hold.charges.map((one, index) => ({ ...one, charge: charges[index] as Charge }));
      return { granted: true, charges: held, twin: reservation.hold };
    },

    finish(hold, used, nowMs) {
      const { twin } = hold;
      if (outage === null) noteEnd(hold, used);
      if (twin === null || outage === null) return;
      void outage.then(({ counters }) =>
        used === null ? counters.release(twin, nowMs) : counters.settle(twin, used, nowMs),
      );
    },

    renew(hold, nowMs, leaseMs) {
      const { twin } = hold;
      if (twin !== null && outage !== null) void outage.then(({ counters }) => counters.renew(twin, nowMs, leaseMs));
    },

    expire(nowMs) {
      if (outage !== null) void outage.then(({ counters }) => counters.expire(nowMs));
    },

    learn(reservation, aheadMs) {
      if (known === null) return;
      if (!reservation.granted) {
        const { charge, used, held, resetAtMs } = reservation.shortage;
        known.set(charge.counter, { used, held, windowEndMs: charge.windowMs > 0 ? (resetAtMs ?? 0) : 0 });
        return;
      }
      for (const { charge, usedBefore, remaining, windowStartMs } of reservation.hold.charges) {
        const windowEndMs = charge.windowMs > 0 ? windowStartMs + charge.windowMs + aheadMs : 0;
        // Without a ceiling there is nothing to be divided.
        const held = Number.isFinite(charge.ceiling) ? charge.ceiling - usedBefore - remaining : 0;
        known.set(charge.counter, { used: usedBefore, held, windowEndMs });
      }
    },

    end() {
      outage = null;
      for (const hold of options.liveHolds()) hold.twin = null;
    },
  };
}

interface Outage {
  counters: Counters;
  /** The ceiling up to which this process may fill its own counter. */
  shareOf(charge: Charge, nowMs: number): Promise<number>;
}

/**
 * The counters of one outage. Calls that run at its beginning hold here what they hold in the store; of what was left at the
 * last word from the store and in the ledger, each process has an equal share.
 */
async function beginOutage(
  { loadBalances, liveProcesses, liveHolds }: StandInOptions,
  known: LRUCache<string, Known>,
  startedAtMs: number,
): Promise<Outage> {
  const processes = Math.max(1, liveProcesses());
  const ownHeld = new Map<string, number>();
  const holds = liveHolds();
  for (const { charge, granted } of holds.flatMap((hold) => hold.charges))
    ownHeld.set(charge.counter, (ownHeld.get(charge.counter) ?? 0) + granted);

  /** Of all processes when the store went, own holds apart. */
  const knownOf = (counter: string, nowMs: number): number => {
    const last = known.get(counter);
    if (last === undefined || (last.windowEndMs > 0 && last.windowEndMs <= nowMs)) return 0;
    return Math.max(0, last.used + last.held - (ownHeld.get(counter) ?? 0));
  };
  const bases = new Map<string, number>();
  const counters = createMemoryCounters({
    async loadBalances(ids) {
      if (loadBalances === null && !ids.every((id) => known.has(id)))
        throw unavailable(new Error('not heard of before'));
      const found = (await loadBalances?.(ids)) ?? new Map<string, number>();
      return new Map(
        ids.map((id) => {
          const base = Math.max(found.get(id) ?? 0, knownOf(id, startedAtMs));
          bases.set(id, base);
          return [id, base];
        }),
      );
    },
  });
  for (const hold of holds) {
    const charges = hold.charges.map(({ charge, granted }) => ({
      ...charge,
      amount: granted,
      atLeast: granted,
      ceiling: NO_CEILING,
    }));
    const reservation = await counters.reserve(charges, startedAtMs, hold.leaseMs);
    if (reservation.granted) hold.twin = reservation.hold;
  }

  return {
    counters,
    async shareOf(charge, nowMs) {
      const own = ownHeld.get(charge.counter) ?? 0;
      if (charge.unit === 'nano_usd') {
        // Reads the balance, where this outage has not yet.
        if (!bases.has(charge.counter))
          await counters.reserve([{ ...charge, amount: 0, atLeast: 0, ceiling: NO_CEILING }], nowMs, 0);
        const base = (bases.get(charge.counter) ?? 0) + own;
        return base + Math.max(0, Math.floor((charge.ceiling - base) / processes));
      }
      // A window that began since belongs to this process's share alone.
      if (charge.windowMs > 0 && nowMs >= startedAtMs + charge.windowMs) return Math.floor(charge.ceiling / processes);
      const base = knownOf(charge.counter, startedAtMs) + own;
      return own + Math.max(0, Math.floor((charge.ceiling - base) / processes));
    },
  };
}

function grantAll(charge: Charge): HeldCharge {
  return { charge, granted: charge.amount, usedBefore: 0, remaining: charge.ceiling - charge.amount, windowStartMs: 0 };
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError(
    'counters_unavailable',
    'Limits cannot be checked at the moment: the store that they are counted in does not answer. Try again shortly.',
    { cause, retryAfterMs: 1_000 },
  );
}
