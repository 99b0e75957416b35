import { createHmac, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { GuardRoute } from '../auth/route-guard.ts';
import type { Config } from '../config/config.ts';
import type { BudgetCalendar } from '../core/budget-window.ts';
import type { KnownRoute } from '../core/ceiling-terms.ts';
import { keySpendCounter } from '../core/key-spend-counter.ts';
import { upstreamModelFor } from '../core/routing.ts';
import { allSalts, type SaltKeys } from '../core/salt-keys.ts';
import type { Counters } from '../counters/counters.ts';
import type { GatewayDeps } from '../gateway/gateway-deps.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AlertManagement } from '../management/alerts/alert-management.ts';
import type { KeyManagement } from '../management/keys/key-management.ts';
import type { SpendManagement } from '../management/spend/spend-management.ts';
import { loadPriceLibrary } from '../providers/price-library.ts';
import type { Sinks } from '../sinks/sinks.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import { buildKeyHook } from './build-key-hook.ts';
import { findListPrice } from './find-list-price.ts';
import { newId } from './new-id.ts';

/** What the key verbs ask of the world. */
export async function buildKeyManagement(
  config: Config,
  parts: {
    storage: OpenStorage;
    counters: Counters;
    calendar: BudgetCalendar;
    gateway: GatewayDeps;
    alerts: AlertManagement;
    nowMs: () => number;
    salts: SaltKeys;
    /** Filled as the application registers them. */
    routes: readonly KnownRoute[];
    guardRoute: GuardRoute;
    sinks: Pick<Sinks, 'probe'>;
    logger: Pick<Logger, 'error'>;
  },
): Promise<KeyManagement> {
  const { storage, counters, calendar, gateway, alerts, nowMs, salts, routes, guardRoute, sinks, logger } = parts;
  const { customKeyGenerate, defaults, upperBounds, rules, strictAliases } = config.keyGeneration;
  return {
    keys: storage.keys,
    owners: storage.owners,
    standingOf: storage.ownerCache.standingOf,
    accessGroupsOf: (model) => gateway.models.accessGroupsOf(model),
    routes: () => routes,
    mayCallRoute: (caller, route) => guardRoute(route)(caller) === undefined,
    probeDestination: sinks.probe,
    nowMs,
    randomBytes: randomBytes,
    newId,
    readSpend: async (keys) => counters.spent(keys.map((key) => keySpendCounter(calendar, key, nowMs()))),
    readCounters: async (ids) => counters.spent(ids),
    spendCounter: (key, atMs, model) => keySpendCounter(calendar, key, atMs, model),
    budgetWindow: calendar.windowAt,
    deriveSecrets: (nonce, note) =>
      allSalts(salts).map((salt) => createHmac('sha256', salt).update(`idempotent secret\0${nonce}\0${note}`).digest()),
    isKnownModel: (name) => gateway.models.resolve(name) !== undefined,
    customKeyGenerate: await buildKeyHook(customKeyGenerate, logger),
    alerts,
    settings: {
      defaults,
      upperBounds,
      generation: rules,
      strictAliases,
      disableKeyName: config.disableKeyName,
      budgetMode: config.general.budgetMode,
      rotationGracePeriod: config.general.rotationGracePeriod,
    },
  };
}

/** What the spend verbs ask of the world. */
export async function buildSpending(
  config: Config,
  parts: { storage: OpenStorage; ledger: Ledger; gateway: GatewayDeps; keyManagement: KeyManagement },
): Promise<SpendManagement> {
  const { storage, ledger, gateway, keyManagement } = parts;
  const library = await loadPriceLibrary();
  return {
    spend: storage.spend,
    usage: storage.usage,
    keys: storage.keys,
    teams: storage.owners.teams,
    organizations: storage.owners.organizations,
    users: storage.owners.users,
    endUsers: storage.owners.endUsers,
    readSpend: keyManagement.readSpend,
    budgetWindow: keyManagement.budgetWindow,
    standingOf: keyManagement.standingOf,
    flushLedger: () => ledger.flush(),
    priceOf: (model) => {
      const route = gateway.models.resolve(model);
      const deployment = route?.deployments[0];
      if (route === undefined || deployment === undefined) return findListPrice(library, model, gateway.nowMs());
      return gateway.priceOf(deployment, upstreamModelFor(deployment, route.wildcardMatch)).price;
    },
    proxyMaxBudgetNanoUsd: config.general.maxBudgetNanoUsd,
    nowMs: keyManagement.nowMs,
  };
}
