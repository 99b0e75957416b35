/** Whose calls a caller may read: an administrator everybody's, anybody else only its own. */
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { parseKeyAddress } from '../../core/key-address.ts';
import { isOrganizationAdmin, scopeOf } from '../../core/rights.ts';
import type { OwnedScope, Scope } from '../../core/scope.ts';
import type { MemberPermission } from '../../core/team-permissions.ts';
import type { OwnerReaders } from '../../storage/owners/owner-storage.ts';
import type { KeyStore, SpendQuery } from '../../storage/storage.ts';

type Owned = Pick<SpendQuery, 'keyId' | 'keyHash' | 'userId'>;
type Teams = Pick<OwnerReaders['teams'], 'findMany'>;

/** Narrows a query to what the caller may read; undefined when nothing is left. Asking for others' calls finds none. */
export function scopeToCaller<Query extends Owned>(caller: Caller, query: Query): Query | undefined {
  if (seesAllSpend(caller)) return query;
  if (ownsByUser(caller)) {
    const { userId } = caller;
    return query.userId === undefined || query.userId === userId ? { ...query, userId } : undefined;
  }
  const keyId = caller.key?.keyId;
  if (keyId === undefined) return undefined;
  return query.keyId === undefined || query.keyId === keyId ? { ...query, keyId } : undefined;
}

/**
 * The same where calls are listed page by page: whoever administers a team or an organisation reads its calls as well, and
 * so does a member to whom the team opens them. Throws `forbidden` (403) for a team whose calls are not the caller's to read.
 */
export async function scopeToTeams(teams: Teams, caller: Caller, query: SpendQuery): Promise<SpendQuery | undefined> {
  if (seesAllSpend(caller) || !ownsByUser(caller)) return scopeToCaller(caller, query);
  const { teamIds, organizationIds } = scopeOf(caller) as OwnedScope;
  const readable = [...teamIds, ...(await teamsOpenedTo(teams, caller, ['/spend/logs', '/spend/logs/v2']))];
  if (query.teamId !== undefined) {
    if (readable.includes(query.teamId)) return query;
    const [team] = await teams.findMany([query.teamId]);
    if (team !== undefined && isOrganizationAdmin(caller, team.organizationId)) return query;
    const message = `Not authorized to read the calls of team_id=${query.teamId}. Your role=${caller.role}`;
    throw new GatewayError('forbidden', message, { param: 'team_id' });
  }
  if (readable.length === 0 && organizationIds.length === 0) return scopeToCaller(caller, query);
  return { ...query, scope: { userIds: [caller.userId], teamIds: readable, organizationIds } };
}

/** The teams that open what stands under one of these names to the caller, who is a plain member. */
export async function teamsOpenedTo(
  teams: Teams,
  caller: Caller,
  names: readonly MemberPermission[],
): Promise<string[]> {
  const plain = caller.memberships.teams.flatMap(({ teamId, role }) => (role === 'admin' ? [] : [teamId]));
  const known = plain.length === 0 ? [] : await teams.findMany(plain);
  return known.flatMap(({ id, memberPermissions }) =>
    names.some((name) => memberPermissions?.includes(name)) ? [id] : [],
  );
}

/** First line of every verb that sums up the spend of all. Throws `forbidden` (403). */
export function assertSeesAllSpend(caller: Caller): void {
  if (seesAllSpend(caller)) return;
  throw new GatewayError('forbidden', `This caller may only read its own spend. Your role=${caller.role}`);
}

/**
 * Whose part of a list of users or of their keys the caller may read: undefined: everybody's, else the one user's.
 * Throws `forbidden` (403) for who is no user.
 */
export function spendOwnerOf(caller: Caller): string | undefined {
  if (seesAllSpend(caller)) return undefined;
  if (!ownsByUser(caller)) assertSeesAllSpend(caller);
  return caller.userId ?? '';
}

/**
 * The calls of the key that the text names: by its immutable id where the key is known, so that calls under an earlier
 * secret count too, else by the hash it called with (the master key, say). Undefined: it names nothing that can have
 * called.
 */
export async function selectKey(
  keys: Pick<KeyStore, 'find'>,
  text: string | undefined,
): Promise<Pick<SpendQuery, 'keyId' | 'keyHash'> | undefined> {
  if (text === undefined) return {};
  const address = parseKeyAddress(text);
  const key = await keys.find(address, { includeDeleted: true });
  if (key !== undefined) return { keyId: key.keyId };
  return address.kind === 'hash' ? { keyId: null, keyHash: address.hash } : undefined;
}

/**
 * Whose sums the caller may read: everybody's, as with calls; else its own, those of teams that it administers and those
 * of its organisations.
 */
export function usageScopeOf(caller: Caller): Scope {
  return seesAllSpend(caller) ? 'all' : scopeOf(caller);
}

/** Its calls are told by its user. */
function ownsByUser(caller: Caller): caller is Caller & { userId: string } {
  return caller.role !== 'unknown' && caller.userId !== null;
}

/** Administrators, and keys that were given the permission to read spend. */
export function seesAllSpend(caller: Caller): boolean {
  const isAdmin = caller.role === 'proxy_admin' || caller.role === 'proxy_admin_viewer';
  return isAdmin || caller.key?.permissions.get_spend_routes === true;
}
