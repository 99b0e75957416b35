import type { Caller } from '../../core/caller.ts';
import type { DailySpend } from '../../storage/storage.ts';
import type { SpendManagement } from './spend-management.ts';
import { scopeToCaller, selectKey } from './spend-scope.ts';

export interface DailySpendFilter {
  /** A key by any of its names. */
  apiKey?: string;
  userId?: string;
  fromMs?: number;
  /** Exclusive. */
  toMs?: number;
}

/** Spend per UTC day, key, user and model, oldest day first, as far as the caller may see it. */
export async function listDailySpend(
  deps: Pick<SpendManagement, 'spend' | 'keys' | 'flushLedger'>,
  caller: Caller,
  filter: DailySpendFilter,
): Promise<DailySpend[]> {
  const { apiKey, ...rest } = filter;
  const key = await selectKey(deps.keys, apiKey);
  const query = key === undefined ? undefined : scopeToCaller(caller, { ...rest, ...key });
  if (query === undefined) return [];
  await deps.flushLedger();
  const { keyHash, ...rollup } = query;
  const days = await deps.spend.daily(rollup);
  return keyHash === undefined ? days : days.filter((day) => day.keyHash === keyHash);
}
