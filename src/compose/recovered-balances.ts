import type { Counters } from '../counters/counters.ts';

/** Carries what the ledger recovers to the counters, which are built after it and need it. */
export interface RecoveredBalances {
  note(moved: ReadonlyMap<string, number>): void;
  /** Whom to tell, also of what has been noted so far. */
  tell(counters: Pick<Counters, 'reread'>): void;
}

export function createRecoveredBalances(): RecoveredBalances {
  let early: ReadonlyMap<string, number> = new Map();
  let told: Pick<Counters, 'reread'> | null = null;
  return {
    note(moved) {
      // Before there are counters, a process recovers one journal: its own.
      if (told === null) early = moved;
      else void told.reread?.(moved);
    },
    tell(counters) {
      told = counters;
      if (early.size > 0) void counters.reread?.(early);
    },
  };
}
