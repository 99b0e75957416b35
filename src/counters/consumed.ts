import type { Consumption, HeldCharge } from '../core/charge.ts';

/** What a held charge turns into when its call settles. */
export function consumed({ charge, granted }: HeldCharge, used: Consumption): number {
  switch (charge.unit) {
    case 'requests':
      return granted;
    case 'tokens':
      return used.tokens;
    case 'nano_usd':
      return used.nanoUsd;
    case 'slots':
      return 0;
  }
}
