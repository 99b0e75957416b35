/** Sums over everybody's calls. Each throws `forbidden` for who may not see others' spend, unless it says otherwise. */
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { SpendReader } from '../../storage/storage.ts';
import type { SpendManagement } from './spend-management.ts';
import { assertSeesAllSpend, selectKey, spendOwnerOf } from './spend-scope.ts';

type Deps = Pick<SpendManagement, 'spend' | 'flushLedger'>;

/** All that has ever been spent, in nano-dollars. */
export function sumAllSpend(deps: Deps, caller: Caller): Promise<number> {
  return readSum(deps, caller, (spend) => spend.total());
}

/** Spend per model that was asked for, highest first. */
export function sumSpendByModel(deps: Deps, caller: Caller, limit: number): ReturnType<SpendReader['byModel']> {
  return readSum(deps, caller, (spend) => spend.byModel(limit));
}

/**
 * Spend per user over all time, highest first; with `userId`, of that user alone. A user sees its own; throws `forbidden`
 * (403) where it asks for another.
 */
export async function sumSpendByUser(
  deps: Deps,
  caller: Caller,
  limit: number,
  userId?: string,
): ReturnType<SpendReader['byUser']> {
  const own = spendOwnerOf(caller);
  if (own !== undefined && userId !== undefined && userId !== own) {
    const message = `Not authorized to view the spend of user_id=${userId}: this caller may only read its own.`;
    throw new GatewayError('forbidden', message, { param: 'user_id' });
  }
  await deps.flushLedger();
  return deps.spend.byUser(limit, own ?? userId);
}

/** Spend per key over its whole life, highest first; deleted keys too. */
export function sumSpendByKey(deps: Deps, caller: Caller, limit: number): ReturnType<SpendReader['byKey']> {
  return readSum(deps, caller, (spend) => spend.byKey(limit));
}

/** Calls and spend per end user, highest first; with `apiKey` (any name of a key), of that key's calls alone. */
export async function sumSpendByEndUser(
  deps: Deps & Pick<SpendManagement, 'keys'>,
  caller: Caller,
  { apiKey, ...range }: { apiKey?: string; fromMs?: number; toMs?: number },
  limit: number,
): ReturnType<SpendReader['byEndUser']> {
  assertSeesAllSpend(caller);
  const key = await selectKey(deps.keys, apiKey);
  if (key === undefined) return [];
  return readSum(deps, caller, (spend) => spend.byEndUser({ ...range, ...key }, limit));
}

/** Calls and spend per request tag. A call with two tags counts under both. */
export function sumSpendByTag(
  deps: Deps,
  caller: Caller,
  range: { fromMs?: number; toMs?: number },
): ReturnType<SpendReader['byTag']> {
  return readSum(deps, caller, (spend) => spend.byTag(range));
}

async function readSum<Sum>(deps: Deps, caller: Caller, read: (spend: SpendReader) => Promise<Sum>): Promise<Sum> {
  assertSeesAllSpend(caller);
  await deps.flushLedger();
  return read(deps.spend);
}
