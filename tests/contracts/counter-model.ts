// Counters as simply as they can be said, for comparison: nothing is stored that can be summed up from the open holds.

import type { Charge, ChargeUnit, Consumption, CounterState } from '../../src/core/charge.ts';

interface ModelHold {
  charges: { charge: Charge; granted: number; windowStartMs: number }[];
  expiresAtMs: number;
  open: boolean;
}

export interface CounterModel {
  /** Granted amounts by charge; null: refused. */
  reserve(charges: readonly Charge[], nowMs: number, leaseMs: number): { hold: ModelHold; granted: number[] } | null;
  end(hold: ModelHold, used: Consumption | null): void;
  renew(hold: ModelHold, nowMs: number, leaseMs: number): void;
  expire(nowMs: number): number;
  read(charge: Charge, nowMs: number): CounterState;
  openHolds(): number;
}

export function createCounterModel(): CounterModel {
  const used = new Map<string, number>();
  const windowStart = new Map<string, number>();
  let holds: ModelHold[] = [];

  const startOf = ({ counter, windowMs }: Charge, nowMs: number): number => {
    const start = windowStart.get(counter) ?? 0;
    return start > 0 && nowMs < start + windowMs ? start : 0;
  };
  const read = (charge: Charge, nowMs: number): CounterState => {
    const start = startOf(charge, nowMs);
    if (charge.windowMs > 0 && start === 0) return { used: 0, held: 0, resetAtMs: null };
    const held = holds
      .flatMap((hold) => hold.charges)
      .filter((one) => one.charge.counter === charge.counter && one.windowStartMs === start)
      .reduce((sum, one) => sum + one.granted, 0);
    const resetAtMs = charge.windowMs > 0 ? start + charge.windowMs : null;
    return { used: used.get(charge.counter) ?? 0, held, resetAtMs };
  };
  const add = (counter: string, amount: number) => used.set(counter, (used.get(counter) ?? 0) + amount);

  return {
    read,
    openHolds: () => holds.length,

    reserve(charges, nowMs, leaseMs) {
      const states = charges.map((charge) => read(charge, nowMs));
      const left = charges.map(({ ceiling }, index) => ceiling - sumOf(states[index]));
      if (charges.some(({ atLeast }, index) => atLeast > (left[index] ?? 0))) return null;
      const granted = charges.map(({ amount }, index) => Math.min(amount, left[index] ?? 0));
      const hold: ModelHold = {
        open: true,
        expiresAtMs: nowMs + leaseMs,
        charges: charges.map((charge, index) => {
          let windowStartMs = 0;
          if (charge.windowMs > 0) {
            windowStartMs = startOf(charge, nowMs);
            if (windowStartMs === 0) {
              windowStartMs = nowMs;
              windowStart.set(charge.counter, nowMs);
              used.set(charge.counter, 0);
            }
          }
          return { charge, granted: granted[index] ?? 0, windowStartMs };
        }),
      };
      holds.push(hold);
      return { hold, granted };
    },

    end(hold, consumption) {
      for (const { charge, granted, windowStartMs } of hold.charges) {
        if (consumption === null) continue;
        // Once the lease has run out only money is still counted.
        if (!hold.open && charge.unit !== 'nano_usd') continue;
        if (charge.windowMs > 0 && windowStart.get(charge.counter) !== windowStartMs) continue;
        add(charge.counter, becomes(charge.unit, granted, consumption));
      }
      hold.open = false;
      holds = holds.filter((one) => one !== hold);
    },

    renew(hold, nowMs, leaseMs) {
      if (hold.open) hold.expiresAtMs = nowMs + leaseMs;
    },

    expire(nowMs) {
      const gone = holds.filter((hold) => hold.expiresAtMs <= nowMs);
      for (const hold of gone) hold.open = false;
      holds = holds.filter((hold) => hold.open);
      return gone.length;
    },
  };
}

function sumOf(state: CounterState | undefined): number {
  return (state?.used ?? 0) + (state?.held ?? 0);
}

function becomes(unit: ChargeUnit, granted: number, consumption: Consumption): number {
  switch (unit) {
    case 'requests':
      return granted;
    case 'tokens':
      return consumption.tokens;
    case 'nano_usd':
      return consumption.nanoUsd;
    case 'slots':
      return 0;
  }
}
