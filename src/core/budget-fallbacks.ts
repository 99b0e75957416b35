import type { Denial } from './denial.ts';
import { isJsonObject } from './json.ts';
import type { KeyRecord } from './key.ts';

const NONE: readonly string[] = Object.freeze([]);

/**
 * `budget_fallbacks` of a key: the models to try, in order, in place of one that some budget on the path does not pay
 * for. `names`: what that model is known by, the name that was asked for first; the first one with an entry counts.
 */
export function budgetFallbacksOf(key: KeyRecord | null, names: readonly string[]): readonly string[] {
  const chains = key?.extra.budget_fallbacks;
  if (!isJsonObject(chains)) return NONE;
  const name = names.find((one) => Object.hasOwn(chains, one));
  const chain = name === undefined ? NONE : chains[name];
  return Array.isArray(chain) ? chain.filter((model) => typeof model === 'string') : NONE;
}

/** Only those are answered by another model: what a rate refuses passes a minute later, and is for the client to retry. */
export function isBudgetDenial(denial: Denial): boolean {
  return denial.kind === 'unknown_price' || denial.shortage.charge.unit === 'nano_usd';
}
