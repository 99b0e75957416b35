import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { UserRecord } from '../../core/owner-records.ts';
import { isAdmin, maySeeAll, scopeOf } from '../../core/rights.ts';
import { NOTHING } from '../../core/scope.ts';
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

/** One user with its keys and teams; its own one for everybody. Throws forbidden (somebody else's), not_found. */
export async function getUserInfo(deps: UserManagement, caller: Caller, asked: string | null): Promise<UserInfo> {
  if (asked === null && isAdmin(caller)) return getEverything(deps, caller);
  const id = asked ?? caller.userId;
  if (id === null || (!maySeeAll(caller) && id !== caller.userId)) throw notYours(asked, caller.userId);
  const user = await getUser(deps, caller, id);
  const teamIds = user.memberships.map(({ teamId }) => teamId).slice(0, MAX_SHOWN);
  const [keys, teams] = await Promise.all([listKeysOf(deps, id), deps.owners.teams.findMany(teamIds)]);
  const [keyViews, teamViews] = await Promise.all([
    viewKeys(deps.keyManagement, keys, deps.nowMs()),
    viewTeams(deps, teams),
  ]);
  return { user, keys: keyViews, teams: teamViews };
}

/** The user alone. Throws forbidden, not_found. */
export async function getUser(deps: UserManagement, caller: Caller, id: string): Promise<UserView> {
  if (!maySeeAll(caller) && id !== caller.userId) throw notYours(id, caller.userId);
  if (id === PROXY_USER_ID) return viewProxy(deps, caller, deps.nowMs());
  const record = await deps.owners.users.find([id]);
  if (record === undefined) throw userNotFound(id);
  return viewUser(deps, record);
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

async function listKeysOf(deps: UserManagement, userId: string): Promise<KeyRecord[]> {
  const page = { page: 1, size: MAX_SHOWN, sortBy: 'created_at', sortOrder: 'desc', nowMs: deps.nowMs() } as const;
  return (await deps.keyManagement.keys.list({ ...page, scope: { ...NOTHING, userIds: [userId] } })).keys;
}

export type UserListing = Omit<RecordQuery<UserRecord>, 'scope'> & { teamId?: string };

/** One page of the users that the caller may see. */
export async function listUsers(
  deps: UserManagement,
  caller: Caller,
  { teamId, ...query }: UserListing,
): Promise<{ views: UserView[]; total: number }> {
  const scope = scopeOf(caller);
  const where = teamId === undefined ? query.where : { ...query.where, ...(await inTeam(deps, teamId, query)) };
  const { records, total } = await deps.owners.users.list({
    ...query,
    ...(where === undefined ? {} : { where }),
    scope,
  });
  return { views: await viewUsers(deps, records), total };
}

/** A team's members as a filter; of those asked for by id, the ones in the team. */
async function inTeam(
  deps: UserManagement,
  teamId: string,
  { where }: UserListing,
): Promise<{ id: readonly string[] }> {
  const members = await deps.owners.teamMembers.list({ scope: 'all', where: { teamId }, limit: 10_000, offset: 0 });
  const ids = members.records.map(({ userId }) => userId);
  const asked = where?.id;
  if (asked === undefined) return { id: ids };
  return { id: ids.filter((id) => (Array.isArray(asked) ? asked.includes(id) : asked === id)) };
}

function notYours(asked: string | null, own: string | null): GatewayError {
  return new GatewayError(
    'forbidden',
    `key not allowed to access this user's info. user_id=${asked ?? 'None'}, key's user_id=${own ?? 'None'}`,
    { param: 'user_id' },
  );
}
