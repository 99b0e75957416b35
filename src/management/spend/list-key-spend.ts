import type { Caller } from '../../core/caller.ts';
import { NOTHING, type Scope } from '../../core/scope.ts';
import { type KeyView, viewKeys } from '../keys/view-key.ts';
import type { SpendManagement } from './spend-management.ts';
import { spendOwnerOf } from './spend-scope.ts';

/** The living keys with what each has spent, highest first; to a user its own. Throws `forbidden` for who is no user. */
export async function listKeySpend(
  deps: Pick<SpendManagement, 'keys' | 'readSpend' | 'budgetWindow' | 'standingOf' | 'flushLedger' | 'nowMs'>,
  caller: Caller,
  limit: number,
): Promise<KeyView[]> {
  const userId = spendOwnerOf(caller);
  await deps.flushLedger();
  const nowMs = deps.nowMs();
  const page = { page: 1, size: limit, sortBy: 'spend', sortOrder: 'desc', nowMs } as const;
  const scope: Scope = userId === undefined ? 'all' : { ...NOTHING, userIds: [userId] };
  const { keys } = await deps.keys.list({ ...page, scope });
  // Storage picks the keys by what it knows of them; with budget windows, and with bills on their way there, what is
  // shown can order them otherwise.
  const views = await viewKeys(deps, keys, nowMs);
  return views.sort((one, other) => other.spendNanoUsd - one.spendNanoUsd);
}
