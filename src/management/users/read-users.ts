import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { UserRecord } from '../../core/owner-records.ts';
import { isAdmin, maySeeAll, scopeOf } from '../../core/rights.ts';
import type { Scope } from '../../core/scope.ts';
import type { RecordQuery } from '../../storage/owners/owner-storage.ts';
import { type KeyView, viewKeys } from '../keys/view-key.ts';
import { type TeamView, viewTeams } from '../teams/view-team.ts';
import { viewProxy } from './set-proxy-spend.ts';
import { PROXY_USER_ID, type UserManagement, userNotFound } from './user-management.ts';
import { type UserView, viewUser, viewUsers } from './view-user.ts';

/** Keys and teams of one answer; whoever has more is served by the lists, which come in pages. */
const MAX_SHOWN = 100;

export interface UserInfo {
  /** Null: an administrator who is no user asked for no user in particular. */
  user: UserView | null;
  keys: readonly KeyView[];
  teams: readonly TeamView[];
}

/**
 * One user with its keys and teams: oneself, and for those who administer a team or an organisation the people in it, with
 * what of theirs belongs there. Throws forbidden (somebody else's), not_found.
 */
export async function getUserInfo(deps: UserManagement, caller: Caller, asked: string | null): Promise<UserInfo> {
  if (asked === null && isAdmin(caller)) return getEverything(deps, caller);
  const id = asked ?? caller.userId;
  if (id === null) throw notYours(asked, caller.userId);
  const user = await getUser(deps, caller, id);
  const scope = id === caller.userId ? 'all' : scopeOf(caller);
  const teamIds = user.memberships.map(({ teamId }) => teamId).slice(0, MAX_SHOWN);
  const [keys, teams] = await Promise.all([listKeysOf(deps, id, scope), deps.owners.teams.findMany(teamIds)]);
  const [keyViews, teamViews] = await Promise.all([
    viewKeys(deps.keyManagement, keys, deps.nowMs()),
    viewTeams(deps, teams),
  ]);
  return { user, keys: keyViews, teams: teamViews };
}

/** The user alone, with those of its memberships that the caller may see. Throws forbidden, not_found. */
async function getUser(deps: UserManagement, caller: Caller, id: string): Promise<UserView> {
  const view = await findUser(deps, caller, id);
  if (view !== undefined) return view;
  throw maySeeAll(caller) || id === caller.userId ? userNotFound(id) : notYours(id, caller.userId);
}

/** The same, where nobody is told apart from somebody who is not the caller's to see. Throws not_found. */
export async function getVisibleUser(deps: UserManagement, caller: Caller, id: string): Promise<UserView> {
  const view = await findUser(deps, caller, id);
  if (view !== undefined) return view;
  throw new GatewayError('not_found', `User not found: ${id.slice(0, 256)}`, { param: 'user_id' });
}

async function findUser(deps: UserManagement, caller: Caller, id: string): Promise<UserView | undefined> {
  if (!maySeeAll(caller) && id !== caller.userId) return findPersonBelow(deps, caller, id);
  if (id === PROXY_USER_ID) return viewProxy(deps, caller, deps.nowMs());
  const record = await deps.owners.users.find([id]);
  return record && viewUser(deps, record);
}

/** Somebody in a team or an organisation of the caller's; anybody else looks like nobody. */
async function findPersonBelow(deps: UserManagement, caller: Caller, id: string): Promise<UserView | undefined> {
  const scope = scopeOf(caller);
  const { records } = await deps.owners.users.list({ scope, where: { id }, limit: 1, offset: 0 });
  if (records[0] === undefined) return undefined;
  const [view] = await withVisibleMemberships(deps, scope, [await viewUser(deps, records[0])]);
  return view;
}

/** Where else people belong is nobody's business but theirs. */
async function withVisibleMemberships(
  { owners }: Pick<UserManagement, 'owners'>,
  scope: Scope,
  views: readonly UserView[],
): Promise<UserView[]> {
  if (scope === 'all') return [...views];
  const id = [...new Set(views.flatMap(({ memberships }) => memberships.map(({ teamId }) => teamId)))];
  const { records } = await owners.teams.list({ scope, where: { id }, limit: id.length, offset: 0 });
  const visible = new Set(records.map((team) => team.id));
  return views.map((view) => ({
    ...view,
    memberships: view.memberships.filter(({ teamId }) => visible.has(teamId)),
  }));
}

/** Of an administrator: its own row where it has one, and the latest keys and teams of all. */
async function getEverything(deps: UserManagement, caller: Caller): Promise<UserInfo> {
  const nowMs = deps.nowMs();
  const page = { page: 1, size: MAX_SHOWN, sortBy: 'created_at', sortOrder: 'desc', nowMs } as const;
  const [user, { keys }, { records: teams }] = await Promise.all([
    caller.path.user === null ? null : getUser(deps, caller, caller.path.user.id),
    deps.keyManagement.keys.list({ ...page, scope: 'all' }),
    deps.owners.teams.list({ scope: 'all', limit: MAX_SHOWN, offset: 0 }),
  ]);
  const [keyViews, teamViews] = await Promise.all([viewKeys(deps.keyManagement, keys, nowMs), viewTeams(deps, teams)]);
  return { user, keys: keyViews, teams: teamViews };
}

async function listKeysOf(deps: UserManagement, userId: string, scope: Scope): Promise<KeyRecord[]> {
  const page = { page: 1, size: MAX_SHOWN, sortBy: 'created_at', sortOrder: 'desc', nowMs: deps.nowMs() } as const;
  return (await deps.keyManagement.keys.list({ ...page, userId, scope })).keys;
}

export interface UserListing extends Omit<RecordQuery<UserRecord>, 'scope'> {
  /** Members of this team. */
  teamId?: string;
  /** Members of one of these organisations. */
  organizationIds?: readonly string[];
}

export interface ListedUser extends UserView {
  /** Its living keys, as far as the caller may see them. */
  keyCount: number;
}

/**
 * One page of users, for those who may see all of them and for admins of organisations. Throws forbidden, also where
 * somebody asks for organisations and administers none of these.
 */
export async function listManagedUsers(
  deps: UserManagement,
  caller: Caller,
  query: UserListing,
): Promise<{ users: ListedUser[]; total: number }> {
  assertManagesUsers(caller, query.organizationIds);
  const { views, total } = await listUsers(deps, caller, query);
  const ids = views.map(({ record }) => record.id);
  const counts = await deps.keyManagement.keys.countByUser(ids, scopeOf(caller));
  return { users: views.map((view) => ({ ...view, keyCount: counts.get(view.record.id) ?? 0 })), total };
}

function assertManagesUsers(caller: Caller, asked: readonly string[] | undefined): void {
  if (maySeeAll(caller)) return;
  const ours = scopeOf(caller);
  const organizationIds = ours === 'all' ? [] : ours.organizationIds;
  if (organizationIds.length === 0) {
    throw new GatewayError('forbidden', 'Only proxy admins and organization admins can list users.');
  }
  if (asked === undefined || asked.some((id) => organizationIds.includes(id))) return;
  throw new GatewayError('forbidden', 'You do not have org_admin access to the requested organization(s).', {
    param: 'organization_ids',
  });
}

/** One page of the users that the caller may see, each with those of its teams that the caller may see. */
export async function listUsers(
  deps: UserManagement,
  caller: Caller,
  { teamId, organizationIds, ...query }: UserListing,
): Promise<{ views: UserView[]; total: number }> {
  const scope = scopeOf(caller);
  const members = await findMembers(deps, scope, { teamId, organizationIds });
  const where = members === null ? query.where : { ...query.where, id: narrow(members, query.where?.id) };
  const { records, total } = await deps.owners.users.list({
    ...query,
    ...(where === undefined ? {} : { where }),
    scope,
  });
  return { views: await withVisibleMemberships(deps, scope, await viewUsers(deps, records)), total };
}

/** More than a team or some organisations have. */
const MAX_MEMBERS = 10_000;

/** Ids of those who are in the team and in one of the organisations; null: neither was asked for. */
async function findMembers(
  { owners }: Pick<UserManagement, 'owners'>,
  scope: Scope,
  { teamId, organizationIds }: { teamId: string | undefined; organizationIds: readonly string[] | undefined },
): Promise<readonly string[] | null> {
  const page = { scope, limit: MAX_MEMBERS, offset: 0 } as const;
  const [inTeam, inOrganizations] = await Promise.all([
    teamId === undefined ? null : owners.teamMembers.list({ ...page, where: { teamId } }),
    organizationIds === undefined
      ? null
      : owners.organizationMembers.list({ ...page, where: { organizationId: organizationIds } }),
  ]);
  const ids = [inTeam, inOrganizations].flatMap((found) =>
    found === null ? [] : [[...new Set(found.records.map(({ userId }) => userId))]],
  );
  return ids.length === 0 ? null : ids.reduce<readonly string[]>(narrow, ids[0] as string[]);
}

/** Those of the ids that are asked for as well. */
function narrow(ids: readonly string[], asked: string | readonly string[] | undefined): readonly string[] {
  if (asked === undefined) return ids;
  const wanted = new Set(typeof asked === 'string' ? [asked] : asked);
  return ids.filter((id) => wanted.has(id));
}

function notYours(asked: string | null, own: string | null): GatewayError {
  return new GatewayError(
    'forbidden',
    `key not allowed to access this user's info. user_id=${asked ?? 'None'}, key's user_id=${own ?? 'None'}`,
    { param: 'user_id' },
  );
}
