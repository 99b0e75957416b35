import type { Caller } from '../../core/caller.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { UserRecord } from '../../core/owner-records.ts';
import { assertMay } from '../../core/permissions.ts';
import { scopeOf } from '../../core/rights.ts';
import type { KeyListQuery, KeyStore } from '../../storage/storage.ts';
import { assertMayAsk } from './assert-may-ask.ts';
import type { KeyManagement } from './key-management.ts';
import { type KeySpan, listTeamsOf, toListScope } from './list-scope.ts';
import { type KeyView, viewKeys } from './view-key.ts';

/** Filters, order and page; the moment, and what the caller may see at all, are added here. */
export type KeyListing = Omit<
  KeyListQuery,
  'nowMs' | 'scope' | 'alsoCreatedByUser' | 'alsoOfTeamIds' | 'withAlias' | 'userIdPart' | 'unexpired'
> & { expires?: 'active' | 'expired' };

export interface KeyListOptions extends KeySpan {
  /** Rows rather than hashes. */
  rows: boolean;
  /** The users to whom the keys belong and who made them, as far as the caller may see them. */
  users: boolean;
  /** An alias, and to those who see all keys a user, need not be whole. */
  substrings: boolean;
  /** Names the user by its address; null: nobody is named like that. */
  userEmail: string | null;
}

export interface KeyPage {
  keys: readonly KeyRecord[];
  /** One per key when rows were asked for, else null: hashes alone need no spend. */
  views: readonly KeyView[] | null;
  /** By id; null when they were not asked for. */
  users: ReadonlyMap<string, UserRecord> | null;
  total: number;
  /** False: there are at least so many, and more have not been counted. */
  isTotalExact: boolean;
}

/**
 * One page of the keys that the caller may see: to an administrator all, to others their own, and further ones as far as
 * they are asked for (see list-scope.ts) or named: whoever names a team, a key or another user means more than its own.
 * Throws not_admin, forbidden (see assert-may-ask.ts).
 */
export async function listKeys(
  deps: Pick<KeyManagement, 'nowMs' | 'readSpend' | 'budgetWindow' | 'standingOf' | 'owners'> & {
    keys: Pick<KeyStore, 'list' | 'find'>;
  },
  caller: Caller,
  asked: KeyListing,
  { teamKeys, createdKeys, rows, users, substrings, userEmail }: KeyListOptions,
): Promise<KeyPage> {
  assertMay(caller, 'list');
  const listing = userEmail === null ? asked : { ...asked, userId: await findUserId(deps, userEmail) };
  const nowMs = deps.nowMs();
  const { userId, teamId, hash, keyId } = listing;
  const isNamed = [teamId, hash, keyId].some((name) => name !== undefined);
  const isOthers = userId !== undefined && userId !== caller.userId;
  const scope = await toListScope(deps, caller, { teamKeys: teamKeys || isNamed || isOthers, createdKeys });
  await assertMayAsk(deps, caller, listing, scope);
  const { expires, ...filters } = listing;
  const query: KeyListQuery = { ...filters, ...toExpiry(listing, nowMs), scope, nowMs };
  if (substrings) allowParts(query, scope === 'all' && userEmail === null);
  if (query.userId !== undefined && createdKeys) query.alsoCreatedByUser = true;
  if (userId !== undefined && query.userId !== undefined && teamKeys)
    query.alsoOfTeamIds = await listTeamsOf(deps, caller, userId);
  const { keys, total, isTotalExact } = await deps.keys.list(query);
  return {
    keys,
    total,
    isTotalExact,
    views: rows ? await viewKeys(deps, keys, nowMs) : null,
    users: users ? await findUsers(deps, caller, keys) : null,
  };
}

function toExpiry({ expires, expiresBeforeMs }: KeyListing, nowMs: number): Partial<KeyListQuery> {
  if (expires === undefined) return {};
  if (expires === 'active') return { unexpired: true };
  return { expiresBeforeMs: Math.min(expiresBeforeMs ?? Number.MAX_SAFE_INTEGER, nowMs + 1) };
}

/** A part is also looked for by the index of all text, which finds more than the keys that match. */
function allowParts(query: KeyListQuery, ofUsers: boolean): void {
  const { alias, userId } = query;
  if (alias !== undefined) {
    delete query.alias;
    query.withAlias = alias;
    query.search ??= alias;
  }
  if (ofUsers && userId !== undefined) {
    delete query.userId;
    query.userIdPart = userId;
    query.search ??= userId;
  }
}

/** Of an address that is nobody's, an id that is nobody's: whoever may not ask about others learns nothing from it. */
async function findUserId({ owners }: Pick<KeyManagement, 'owners'>, email: string): Promise<string> {
  const where = { email: email.trim().toLowerCase() };
  const { records } = await owners.users.list({ scope: 'all', where, limit: 1, offset: 0 });
  return records[0]?.id ?? '';
}

async function findUsers(
  { owners }: Pick<KeyManagement, 'owners'>,
  caller: Caller,
  keys: readonly KeyRecord[],
): Promise<ReadonlyMap<string, UserRecord>> {
  const ids = [...new Set(keys.flatMap(({ userId, createdBy }) => [userId ?? [], createdBy].flat()))];
  if (ids.length === 0) return new Map();
  const where = { id: ids };
  const { records } = await owners.users.list({ scope: scopeOf(caller), where, limit: ids.length, offset: 0 });
  return new Map(records.map((user) => [user.id, user]));
}
