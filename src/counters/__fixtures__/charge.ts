import type { Charge, ChargeUnit } from '../../core/charge.ts';

const MINUTE = 60_000;

/** One unit of ten, of a key: requests and tokens by the minute. Unless said otherwise, nothing less than `amount` will do. */
export function buildCharge(over: Partial<Charge> & { unit: ChargeUnit }): Charge {
  return {
    owner: { kind: 'key', id: 'key_1' },
    limit: 'max_budget',
    counter: `key:key_1/${over.unit}`,
    amount: 1,
    atLeast: over.amount ?? 1,
    ceiling: 10,
    windowMs: over.unit === 'requests' || over.unit === 'tokens' ? MINUTE : 0,
    resetAtMs: null,
    ...over,
  };
}
