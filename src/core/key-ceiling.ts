/**
 * A new or changed key never has more than its maker. The one rule for generate, update, regenerate, bulk changes and
 * service accounts: aspect by aspect (limits, models, routes, addresses, expiry, grants, …), what the key would have is
 * held against whatever bounds it. What a new key's request leaves open is taken over from the maker; what it asks for
 * beyond is refused, with the field and the bound.
 */
import { BUDGET_ASPECTS } from './ceiling-budgets.ts';
import { COUNT_ASPECTS } from './ceiling-counts.ts';
import { GRANT_ASPECTS } from './ceiling-grants.ts';
import { LIST_ASPECTS } from './ceiling-lists.ts';
import { MODEL_ASPECTS } from './ceiling-models.ts';
import { ROUTE_ASPECTS } from './ceiling-routes.ts';
import type { Aspect, KeyCeiling, KeyDraft } from './ceiling-terms.ts';
import { GatewayError } from './gateway-error.ts';

const ASPECTS: readonly Aspect[] = [
  ...BUDGET_ASPECTS,
  ...COUNT_ASPECTS,
  ...LIST_ASPECTS,
  ...MODEL_ASPECTS,
  ...ROUTE_ASPECTS,
  ...GRANT_ASPECTS,
];

/**
 * The new key with the maker's bounds where its request says nothing. `asked` is the key as its request alone makes it,
 * without the installation's defaults.
 */
export function inheritCeiling(draft: KeyDraft, asked: KeyDraft, ceiling: KeyCeiling): KeyDraft {
  let key = draft.key;
  for (const { read, excess, tighten } of ASPECTS) {
    if (tighten === undefined || isGiven(read(asked))) continue;
    if (excess({ ...draft, key }, ceiling) !== undefined) key = tighten({ ...draft, key }, ceiling);
  }
  return { ...draft, key };
}

/**
 * Throws `forbidden` (403) with the field in `param` where the key would have more than its ceiling. With `before`, only
 * what changes is held against it.
 */
export function assertWithinCeiling(draft: KeyDraft, ceiling: KeyCeiling, before?: KeyDraft): void {
  for (const aspect of ASPECTS) {
    if (before !== undefined && isSame(aspect, before, draft)) continue;
    const found = aspect.excess(draft, ceiling);
    if (found !== undefined) throw new GatewayError('forbidden', found.message, { param: found.param });
  }
}

function isSame({ read, dependsOn }: Aspect, one: KeyDraft, other: KeyDraft): boolean {
  const seen = (draft: KeyDraft) => JSON.stringify([read(draft), dependsOn?.(draft)]);
  return seen(one) === seen(other);
}

/** Null, empty lists and empty objects are what a request leaves open. */
function isGiven(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return typeof value !== 'object' || Object.values(value).some(isGiven);
}
