import type { Caller } from '../../core/caller.ts';
import type { SpendQuery, SpendRow } from '../../storage/storage.ts';
import type { SpendManagement } from './spend-management.ts';
import { scopeToCaller, selectKey } from './spend-scope.ts';

export interface SpendLogFilter extends Omit<SpendQuery, 'keyId' | 'keyHash'> {
  /** A key by any of its names: secret, hash, key_id, alias. */
  apiKey?: string;
}

export interface SpendLogPage {
  /** Newest first. */
  rows: SpendRow[];
  /** How many there are in all. */
  total: number;
}

/** Calls that match, newest first, as far as the caller may see them. Includes every call that has been answered. */
export async function listSpendLogs(
  deps: Pick<SpendManagement, 'spend' | 'keys' | 'flushLedger'>,
  caller: Caller,
  filter: SpendLogFilter,
  page: { limit: number; offset: number },
): Promise<SpendLogPage> {
  const { apiKey, ...rest } = filter;
  const key = await selectKey(deps.keys, apiKey);
  const query = key === undefined ? undefined : scopeToCaller<SpendQuery>(caller, { ...rest, ...key });
  if (query === undefined) return { rows: [], total: 0 };
  await deps.flushLedger();
  const [rows, total] = await Promise.all([
    deps.spend.rows(query, { ...page, order: 'desc' }),
    deps.spend.count(query),
  ]);
  return { rows, total };
}
