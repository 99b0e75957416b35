import { type AlertRouting, routeAlert } from '../core/alert-routing.ts';
import type { KeyRecord } from '../core/key.ts';
import { keyExpiringAlert } from '../core/key-alerts.ts';
import type { AlertStore } from '../storage/alerts/alert-storage.ts';
import type { OwnerCache } from '../storage/owners/owner-storage.ts';
import type { SpendReader } from '../storage/storage.ts';

const BATCH = 100;

/** Tells of keys that are about to expire, once for each moment at which one does. */
export async function tellOfExpiringKeys(deps: {
  store: Pick<AlertStore, 'add' | 'findExpiringKeys' | 'remember'>;
  spend: Pick<SpendReader, 'balances'>;
  ownerCache: Pick<OwnerCache, 'standingOf'>;
  /** The counter of the key's own budget at that moment. */
  spendCounter(key: KeyRecord, nowMs: number): string;
  routing: AlertRouting;
  /** How long before. */
  warningMs: number;
  nowMs(): number;
}): Promise<void> {
  const nowMs = deps.nowMs();
  const keys = await deps.store.findExpiringKeys(nowMs + deps.warningMs, BATCH);
  const counters = keys.map((key) => deps.spendCounter(key, nowMs));
  const balances = counters.length === 0 ? new Map<string, number>() : await deps.spend.balances(counters);
  for (const [index, key] of keys.entries()) {
    const { path } = await deps.ownerCache.standingOf(key);
    const alert = keyExpiringAlert(key, path, balances.get(counters[index] ?? '') ?? 0);
    const messages = routeAlert(deps.routing, alert);
    if (messages.length > 0) await deps.store.add(messages);
    else await deps.store.remember(alert.id, alert.keepUntilMs);
  }
}
