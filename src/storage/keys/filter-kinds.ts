/** Which kinds of filters a list has: what it takes to tell whether a key matches, and about how many do. */
import type { KeyListQuery } from '../storage.ts';

type Filters = Omit<KeyListQuery, 'page' | 'size' | 'sortBy' | 'sortOrder' | 'nowMs'>;

/** Anything is left out but deleted keys. */
export function isFiltered(query: KeyListQuery): boolean {
  const { scope, ...filters } = filtersOf(query);
  return scope !== 'all' || !areAbsent(filters);
}

/** Nothing is asked but what keys have spent. */
export function isSpendOnly(query: KeyListQuery): boolean {
  const { scope, minSpendNanoUsd, maxSpendNanoUsd, ...others } = filtersOf(query);
  return scope === 'all' && areAbsent(others);
}

/** Whose keys, or which: such a filter leaves few of all keys as a rule. */
export function hasNames(query: KeyListQuery): boolean {
  const { scope, userId, teamId, organizationId, budgetId, createdBy, alias, hash, keyId, projectId, accessGroupId } =
    query;
  const names = { userId, teamId, organizationId, budgetId, createdBy, alias, hash, keyId, projectId, accessGroupId };
  return scope !== 'all' || !areAbsent(names);
}

/** All that is asked is written in every entry of the index that the list is sorted by, but for what keys have spent. */
export function isToldByOrder(query: KeyListQuery): boolean {
  if (query.sortBy === 'spend' || query.status === 'deleted') return false;
  const { scope, status, expiresBeforeMs, expiresAfterMs, minSpendNanoUsd, maxSpendNanoUsd, ...others } =
    filtersOf(query);
  if (query.sortBy !== 'last_active') return scope === 'all' && areAbsent(others);
  const { lastActiveBeforeMs, lastActiveAfterMs, neverUsed, ...rest } = others;
  return scope === 'all' && areAbsent(rest);
}

/** All that is asked is written in the facts of a key (see migration 0026), and nothing of it in other tables. */
export function isToldByFacts(query: KeyListQuery): boolean {
  const { minSpendNanoUsd, maxSpendNanoUsd, tag, projectId, accessGroupId } = query;
  return isToldByFactsAndLinks(query) && areAbsent({ minSpendNanoUsd, maxSpendNanoUsd, tag, projectId, accessGroupId });
}

/** All that is asked is in the facts of a key, or in tables that hold its key_id. */
export function isToldByFactsAndLinks(query: KeyListQuery): boolean {
  const {
    scope,
    status,
    expiresBeforeMs,
    expiresAfterMs,
    lastActiveBeforeMs,
    lastActiveAfterMs,
    neverUsed,
    minSpendNanoUsd,
    maxSpendNanoUsd,
    tag,
    projectId,
    accessGroupId,
    ...others
  } = filtersOf(query);
  return scope === 'all' && status !== 'deleted' && areAbsent(others);
}

function filtersOf({ page, size, sortBy, sortOrder, nowMs, ...filters }: KeyListQuery): Filters {
  return filters;
}

function areAbsent(filters: object): boolean {
  return Object.values(filters).every((value) => value === undefined || value === '');
}
