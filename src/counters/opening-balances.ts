import type { LoadBalances } from './counters.ts';

/** What the shared store said of a balance that it does not have. */
export interface MissingBalance {
  /** How often the balance has moved meanwhile; a reading holds only as long as this stays the same. */
  seq: number;
  /** The store's clock. */
  atMs: number;
  /** Bills of other processes may be on their way to the ledger for so long. */
  waitMs: number;
}

/** A balance of the ledger, and for which state of the store it was read. */
export interface OpeningBalance {
  nanoUsd: number;
  seq: number;
  /** By the store's clock, not later than the reading. */
  readAtMs: number;
}

export interface OpeningBalances {
  /** Calls that need the same balance share one reading of it. Rejects as the ledger does. */
  load(missing: ReadonlyMap<string, MissingBalance>): Promise<Map<string, OpeningBalance>>;
}

export function createOpeningBalances(loadBalances: LoadBalances): OpeningBalances {
  const loading = new Map<string, Promise<OpeningBalance>>();

  async function read(counter: string, { seq, atMs, waitMs }: MissingBalance): Promise<OpeningBalance> {
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const found = await loadBalances([counter]);
    return { nanoUsd: found.get(counter) ?? 0, seq, readAtMs: atMs + Math.max(0, waitMs) };
  }

  function share(counter: string, state: MissingBalance): Promise<OpeningBalance> {
    let pending = loading.get(counter);
    if (pending === undefined) {
      pending = read(counter, state).finally(() => loading.delete(counter));
      loading.set(counter, pending);
    }
    return pending;
  }

  return {
    async load(missing) {
      const counters = [...missing];
      const found = await Promise.all(counters.map(([counter, state]) => share(counter, state)));
      return new Map(counters.map(([counter], index) => [counter, found[index] as OpeningBalance]));
    },
  };
}
