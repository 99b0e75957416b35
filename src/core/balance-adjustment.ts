/**
 * A change of a balance that no call made: a starting spend, a corrected or reset spend, a budget that moves to another
 * window, spend taken over from other books. Kept as a row of its own, so that balance = Σ calls + Σ adjustments stays
 * checkable.
 */
export interface BalanceAdjustment {
  id: string;
  counter: string;
  deltaNanoUsd: number;
  reason: 'initial_spend' | 'spend_set' | 'window_changed' | 'taken_over';
  atMs: number;
}
