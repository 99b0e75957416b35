/** Counters whose balances have moved and at which nobody has looked yet. */
export interface MovedBalances {
  note(deltas: readonly { counter: string }[]): void;
  /** Those so far; from then on it begins anew. */
  take(): ReadonlySet<string>;
}

/** More than this at once are found by going through all balances. */
const MAX_NOTED = 100_000;

export function createMovedBalances(): MovedBalances {
  let noted = new Set<string>();
  return {
    note(deltas) {
      for (const { counter } of deltas) if (noted.size < MAX_NOTED) noted.add(counter);
    },
    take() {
      const taken = noted;
      noted = new Set();
      return taken;
    },
  };
}
