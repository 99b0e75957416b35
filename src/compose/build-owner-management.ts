import type { Config } from '../config/config.ts';
import type { BudgetCalendar } from '../core/budget-window.ts';
import { spendCounter } from '../core/spend-counter.ts';
import type { Counters } from '../counters/counters.ts';
import type { GatewayDeps } from '../gateway/gateway-deps.ts';
import type { BudgetManagement } from '../management/budgets/budget-management.ts';
import type { OwnerManagement } from '../management/owners/owner-management.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import { newId } from './new-id.ts';

/** What the verbs over owners ask of the world. */
export function buildOwnerManagement(parts: {
  storage: OpenStorage;
  counters: Counters;
  calendar: BudgetCalendar;
  gateway: Pick<GatewayDeps, 'models'>;
  nowMs: () => number;
}): OwnerManagement {
  const { storage, counters, calendar, gateway, nowMs } = parts;
  return {
    owners: storage.owners,
    transact: storage.transact,
    nowMs,
    newId,
    readSpend: async (owners) =>
      counters.spent(owners.map(({ ref, windows }) => spendCounter(calendar, ref, windows, nowMs()))),
    readCounters: async (ids) => counters.spent(ids),
    spendCounter: (ref, windows, atMs, model) => spendCounter(calendar, ref, windows, atMs, model),
    windowEndMs: (duration) => calendar.windowAt(duration, nowMs()).endMs,
    isKnownModel: (name) => gateway.models.resolve(name) !== undefined,
    accessGroupsOf: (name) => gateway.models.accessGroupsOf(name),
  };
}

/** What the verbs over budget rows ask of the world. */
export function buildBudgetManagement(
  storage: OpenStorage,
  { general }: Pick<Config, 'general'>,
  nowMs: () => number,
): BudgetManagement {
  return {
    owners: storage.owners,
    transact: storage.transact,
    nowMs,
    newId,
    async countKeysOfBudget(budgetId) {
      const page = { page: 1, size: 1, sortBy: 'created_at', sortOrder: 'desc', nowMs: nowMs() } as const;
      const linked = (await storage.keys.list({ ...page, scope: 'all', budgetId })).total;
      return linked + (await storage.keys.countLending(budgetId));
    },
    configuredBudgetId: general.maxEndUserBudgetId,
  };
}
