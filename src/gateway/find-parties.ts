import { callerOwners, limitsOf } from '../core/call-owners.ts';
import type { Caller } from '../core/caller.ts';
import { endUserBudgetIdOf } from '../core/key.ts';
import { fillLimits, type Limits, NO_LIMITS } from '../core/limits.ts';
import { compileLimits, type OwnerLimits, withoutLimits } from '../core/owner-limits.ts';
import { plainPolicy } from '../core/owner-policy.ts';
import type { EndUserRecord, TagRecord } from '../core/owner-records.ts';
import type { CallNames } from './call-names.ts';
import type { GatewayDeps } from './gateway-deps.ts';

/** Everybody whom a call concerns. */
export interface CallParties extends CallNames {
  /** The end user's record; null: there is none (yet). */
  customer: EndUserRecord | null;
  /** All whose limits have to hold, in the order of refusals. */
  owners: readonly OwnerLimits[];
}

type Deps = Pick<GatewayDeps, 'owners' | 'settings'>;

/** At once where the end user and all tags are cached, which they are but for their first call. */
export function findParties(deps: Deps, caller: Caller, names: CallNames): CallParties | Promise<CallParties> {
  const { endUser, tags, clientTags } = names;
  const owners = callerOwners(caller, deps.settings.proxy);
  if (endUser === null && tags.length === 0) return { endUser, tags, clientTags, customer: null, owners };
  const budgetId = caller.key === null ? undefined : endUserBudgetIdOf(caller.key);
  const customer = endUser === null ? null : deps.owners.endUser(endUser, budgetId);
  const budget = endUser === null ? null : deps.owners.endUserBudget(budgetId);
  const labels = tags.map((tag) => deps.owners.tag(tag));
  if (customer instanceof Promise || budget instanceof Promise || labels.some((label) => label instanceof Promise)) {
    return Promise.all([customer, budget, Promise.all(labels)]).then(([found, limits, records]) =>
      toParties(deps, names, owners, found, limits, records),
    );
  }
  return toParties(deps, names, owners, customer, budget, labels as (TagRecord | null)[]);
}

function toParties(
  { settings }: Deps,
  { endUser, tags, clientTags }: CallNames,
  owners: readonly OwnerLimits[],
  customer: EndUserRecord | null,
  budget: Limits | null,
  labels: readonly (TagRecord | null)[],
): CallParties {
  const all = owners.slice(0, -1);
  if (endUser !== null) all.push(customerLimits(settings.newEndUserLimits, budget, endUser, customer));
  tags.forEach((tag, index) => {
    all.push(limitsOf('tag', tag, labels[index] ?? null));
  });
  all.push(settings.proxy);
  return { endUser, tags, clientTags, customer, owners: all };
}

/** Somebody who is new here has from the first call on what will be stored of him. */
function customerLimits(
  defaults: GatewayDeps['settings']['newEndUserLimits'],
  budget: Limits | null,
  endUser: string,
  customer: EndUserRecord | null,
): OwnerLimits {
  const owner = { kind: 'end_user', id: endUser } as const;
  if (customer !== null) return limitsOf('end_user', endUser, customer);
  if (defaults === null && budget === null) return withoutLimits(owner);
  return compileLimits(plainPolicy(owner, fillLimits(defaults ?? NO_LIMITS, budget)));
}
