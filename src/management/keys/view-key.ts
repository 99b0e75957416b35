import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyManagement } from './key-management.ts';
import { withWindows } from './with-windows.ts';

/** A key as it is shown: its record, and what only the clock and the counters know. */
export interface KeyView {
  key: KeyRecord;
  /** Spent in the current budget window: the same number that enforcement uses. */
  spendNanoUsd: number;
  /** End of the current budget window, the key's or that of its budget row; null without one. */
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
  deps: Pick<KeyManagement, 'readSpend' | 'budgetWindow' | 'standingOf'>,
  keys: readonly KeyRecord[],
  nowMs: number,
): Promise<KeyView[]> {
  if (keys.length === 0) return [];
  const windows = await withWindows(deps, keys);
  const spent = await deps.readSpend(windows);
  return keys.map((key, index) =>
    buildKeyView(deps, key, { spendNanoUsd: spent[index] ?? 0, windows: windows[index] ?? key }, nowMs),
  );
}

/** The view of one key. */
export async function viewKey(
  deps: Pick<KeyManagement, 'readSpend' | 'budgetWindow' | 'standingOf'>,
  key: KeyRecord,
  nowMs: number,
): Promise<KeyView> {
  const [view] = await viewKeys(deps, [key], nowMs);
  return view as KeyView;
}

/** The view of one key whose spend is known, and the key with the windows that hold (`withWindows`). */
export function buildKeyView(
  deps: Pick<KeyManagement, 'budgetWindow'>,
  key: KeyRecord,
  { spendNanoUsd, windows }: { spendNanoUsd: number; windows: KeyRecord },
  nowMs: number,
): KeyView {
  const limits = Array.isArray(key.extra.budget_limits) ? key.extra.budget_limits.filter(isJsonObject) : [];
  return {
    key,
    spendNanoUsd,
    budgetResetAtMs: windows.budgetDuration === null ? null : deps.budgetWindow(windows.budgetDuration, nowMs).endMs,
    budgetLimits: limits.map((limit) => ({
      limit,
      resetAtMs:
        typeof limit.budget_duration === 'string' ? deps.budgetWindow(limit.budget_duration, nowMs).endMs : null,
    })),
  };
}
