import type { Caller } from '../../core/caller.ts';
import type { UsageQuery } from '../../storage/usage-storage.ts';
import type { SpendManagement } from './spend-management.ts';
import { selectKey, usageScopeOf } from './spend-scope.ts';

/** What a report is about, as somebody asks for it. */
export interface UsageFilter extends Omit<UsageQuery, 'scope' | 'keyId' | 'keyHash'> {
  /** A key by any of its names. */
  apiKey?: string;
}

export type UsageDeps = Pick<SpendManagement, 'usage' | 'keys' | 'flushLedger'>;

/**
 * The question within what the caller may see, with every call that has been answered in the sums. Undefined: it names a
 * key that there is not, so nothing matches.
 */
export async function askUsage(deps: UsageDeps, caller: Caller, filter: UsageFilter): Promise<UsageQuery | undefined> {
  const { apiKey, ...rest } = filter;
  const key = await selectKey(deps.keys, apiKey);
  if (key === undefined) return undefined;
  await deps.flushLedger();
  return { ...rest, ...key, scope: usageScopeOf(caller) };
}
