import type { Caller } from '../../core/caller.ts';
import { type KeyView, viewKeys } from '../keys/view-key.ts';
import type { SpendManagement } from './spend-management.ts';
import { assertSeesAllSpend } from './spend-scope.ts';

/** The living keys with what each has spent, highest first. Throws `forbidden` for who may not see others' spend. */
export async function listKeySpend(
  deps: Pick<SpendManagement, 'keys' | 'readSpend' | 'budgetWindow' | 'flushLedger' | 'nowMs'>,
  caller: Caller,
  limit: number,
): Promise<KeyView[]> {
  assertSeesAllSpend(caller);
  await deps.flushLedger();
  const nowMs = deps.nowMs();
  const { keys } = await deps.keys.list({ page: 1, size: limit, sortBy: 'spend', sortOrder: 'desc', nowMs });
  return viewKeys(deps, keys, nowMs);
}
