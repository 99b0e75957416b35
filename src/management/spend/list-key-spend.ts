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
  // Storage picks the keys by what it knows of them; with budget windows, and with bills on their way there, what is
  // shown can order them otherwise.
  const views = await viewKeys(deps, keys, nowMs);
  return views.sort((one, other) => other.spendNanoUsd - one.spendNanoUsd);
}
