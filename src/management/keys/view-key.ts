import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyManagement } from './key-management.ts';

/** A key as it is shown: its record, and what only the clock and the counters know. */
export interface KeyView {
  key: KeyRecord;
  /** Spent in the current budget window: the same number that enforcement uses. */
  spendNanoUsd: number;
  /** End of the current budget window; null without `budgetDuration`. */
  budgetResetAtMs: number | null;
  /** `budget_limits` as given, and the end of each one's window where its duration can be read. */
  budgetLimits: readonly { limit: JsonObject; resetAtMs: number | null }[];
}

/** A key with its secret in the clear. The secret is shown to the client now and kept nowhere. */
export interface IssuedKey extends KeyView {
  secret: string;
}

/** Reads spend for all keys at once and puts each key's view together. */
export async function viewKeys(
  deps: Pick<KeyManagement, 'readSpend' | 'budgetWindow'>,
  keys: readonly KeyRecord[],
  nowMs: number,
): Promise<KeyView[]> {
  if (keys.length === 0) return [];
  const spent = await deps.readSpend(keys);
  return keys.map((key, index) => buildKeyView(deps, key, spent[index] ?? 0, nowMs));
}

/** The view of one key. */
export async function viewKey(
  deps: Pick<KeyManagement, 'readSpend' | 'budgetWindow'>,
  key: KeyRecord,
  nowMs: number,
): Promise<KeyView> {
  const [spendNanoUsd = 0] = await deps.readSpend([key]);
  return buildKeyView(deps, key, spendNanoUsd, nowMs);
}

/** The view of one key whose spend is known. */
export function buildKeyView(
  deps: Pick<KeyManagement, 'budgetWindow'>,
  key: KeyRecord,
  spendNanoUsd: number,
  nowMs: number,
): KeyView {
  const limits = Array.isArray(key.extra.budget_limits) ? key.extra.budget_limits.filter(isJsonObject) : [];
  return {
    key,
    spendNanoUsd,
    budgetResetAtMs: key.budgetDuration === null ? null : deps.budgetWindow(key.budgetDuration, nowMs).endMs,
    budgetLimits: limits.map((limit) => ({
      limit,
      resetAtMs:
        typeof limit.budget_duration === 'string' ? deps.budgetWindow(limit.budget_duration, nowMs).endMs : null,
    })),
  };
}
