import type { BalanceDelta } from '../core/spend-record.ts';

/** What journalled bills will move each balance by once they are in the database. Counters at nothing are forgotten. */
export interface UnshippedBalances {
  add(deltas: readonly BalanceDelta[]): void;
  subtract(deltas: readonly BalanceDelta[]): void;
  /** Nano-dollars. */
  get(counter: string): number;
}

export function createUnshippedBalances(): UnshippedBalances {
  const sums = new Map<string, number>();
  function move(deltas: readonly BalanceDelta[], sign: 1 | -1): void {
    for (const { counter, nanoUsd } of deltas) {
      const sum = (sums.get(counter) ?? 0) + sign * nanoUsd;
      if (sum === 0) sums.delete(counter);
      else sums.set(counter, sum);
    }
  }
  return {
    add: (deltas) => move(deltas, 1),
    subtract: (deltas) => move(deltas, -1),
    get: (counter) => sums.get(counter) ?? 0,
  };
}
