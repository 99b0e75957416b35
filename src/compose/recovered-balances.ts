import type { Counters } from '../counters/counters.ts';

/** Carries what the ledger recovers to the counters, which are built after it and need it. */
export interface RecoveredBalances {
  note(counterIds: readonly string[]): void;
  /** Whom to tell, also of what has been noted so far. */
  tell(counters: Pick<Counters, 'reread'>): void;
}

export function createRecoveredBalances(): RecoveredBalances {
  const early = new Set<string>();
  let told: Pick<Counters, 'reread'> | null = null;
  return {
    note(counterIds) {
      if (told === null) for (const id of counterIds) early.add(id);
      else void told.reread?.(counterIds);
    },
    tell(counters) {
      told = counters;
      if (early.size > 0) void counters.reread?.([...early]);
    },
  };
}
