// The stores that counters can be kept in, each empty when it is made.

import type { Counters, LoadBalances } from '../../src/counters/counters.ts';
import { createMemoryCounters } from '../../src/counters/memory-counters.ts';

export interface CounterStore {
  /**
   * The counters of one more process on this store. A memory is that of one process: there they are the same each time,
   * with the ledger of the first.
   */
  open(loadBalances: LoadBalances): Promise<Counters>;
  /** Closes what was opened and forgets everything. */
  close(): Promise<void>;
}

export interface CounterStoreKind {
  name: string;
  create(): Promise<CounterStore>;
}

export const COUNTER_STORES: readonly CounterStoreKind[] = [{ name: 'memory', create: createMemoryStore }];

async function createMemoryStore(): Promise<CounterStore> {
  let counters: Counters | undefined;
  return {
    async open(loadBalances) {
      counters ??= createMemoryCounters({ loadBalances });
      return counters;
    },
    close: async () => counters?.close(),
  };
}
