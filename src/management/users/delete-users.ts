import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { OrganizationMemberRecord, TeamMemberRecord, UserRecord } from '../../core/owner-records.ts';
import { isAdmin, isOrganizationAdmin, refuseAct } from '../../core/rights.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { buildKeyAudit } from '../keys/key-audit.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { buildSessionAudit } from '../sessions/session-audit.ts';
import { type UserManagement, userNotFound } from './user-management.ts';

/** Users of one request. */
const MAX_IDS = 1_000;

/**
 * Deletes users with their keys and memberships, all or none. From the moment this returns none of their keys opens
 * anything. Names, keys and spend stay readable in the history. Whoever administers organisations deletes people who have
 * to do with nobody else. Throws not_admin, forbidden, not_found, bad_request.
 */
export async function deleteUsers(
  deps: UserManagement,
  caller: Caller,
  actor: Actor,
  ids: readonly string[],
): Promise<number> {
  const administers = caller.memberships.organizations.some(({ role }) => role === 'org_admin');
  if (!isAdmin(caller) && !administers) throw refuseAct(caller, '/user/delete');
  const wanted = [...new Set(ids)];
  if (wanted.length === 0 || wanted.length > MAX_IDS) {
    throw new GatewayError('bad_request', `user_ids must name 1 to ${MAX_IDS} users.`, { param: 'user_ids' });
  }
  if (caller.kind !== 'master_key' && caller.userId !== null && wanted.includes(caller.userId)) {
    throw new GatewayError('forbidden', 'Nobody can delete themselves.', { param: 'user_ids' });
  }
  const nowMs = deps.nowMs();
  const deleted = { atMs: nowMs, by: nameOfCaller(caller) };
  const gone = { deletedAtMs: nowMs, deletedBy: deleted.by };
  await deps.transact(async (unit) => {
    const users = await unit.users.findWhere({ id: wanted });
    const known = new Set(users.map(({ id }) => id));
    const missing = wanted.find((id) => !known.has(id));
    if (missing !== undefined) throw isAdmin(caller) ? userNotFound(missing) : notOurs(missing);
    const keys = await unit.keys.ofOwners({ userIds: wanted });
    const places = await unit.teamMembers.findWhere({ userId: wanted });
    const memberships = await unit.organizationMembers.findWhere({ userId: wanted });
    if (!isAdmin(caller)) await assertOurs(unit, caller, { users, keys, places, memberships });
    for (const key of keys) await unit.keys.remove(key, deleted);
    for (const place of places) await unit.teamMembers.update({ ...place, ...gone });
    for (const member of memberships) await unit.organizationMembers.update({ ...member, ...gone });
    for (const user of users) await unit.users.update({ ...user, ...gone });
    await unit.passwords.remove(wanted);
    const sessions = await unit.sessions.end({ userIds: wanted });
    await unit.audit([
      ...users.map((before) =>
        buildOwnerAudit(deps, actor, nowMs, {
          action: 'deleted',
          table: 'LiteLLM_UserTable',
          objectId: before.id,
          before,
          after: null,
        }),
      ),
      ...sessions.map((session) => buildSessionAudit(deps, actor, nowMs, 'revoked', session)),
      ...keys.map((before) => buildKeyAudit(deps, actor, nowMs, { action: 'deleted', before, after: null })),
    ]);
  });
  return wanted.length;
}

interface Belongings {
  users: readonly UserRecord[];
  keys: readonly KeyRecord[];
  places: readonly TeamMemberRecord[];
  memberships: readonly OrganizationMemberRecord[];
}

/**
 * People whom the caller may delete as an admin of organisations: plain ones, who are in its organisations and in no
 * other, and all of whose teams and keys belong there or to nobody. Throws forbidden, also for whom there is not.
 */
async function assertOurs(
  unit: Pick<WriteUnit, 'teams'>,
  caller: Caller,
  { users, keys, places, memberships }: Belongings,
): Promise<void> {
  const id = [...new Set([...keys, ...places].flatMap(({ teamId }) => teamId ?? []))].sort();
  const teams = id.length === 0 ? [] : await unit.teams.findWhere({ id });
  const ourTeams = new Set(
    teams.filter((team) => isOrganizationAdmin(caller, team.organizationId)).map((team) => team.id),
  );
  const isOurTeam = (teamId: string | null) => teamId === null || ourTeams.has(teamId);
  const isOurKey = ({ teamId, organizationId }: KeyRecord) =>
    isOurTeam(teamId) && (organizationId === null || isOrganizationAdmin(caller, organizationId));
  const isOurs = ({ id: userId, role }: UserRecord) => {
    const owned = <T extends { userId: string | null }>(rows: readonly T[]) =>
      rows.filter((row) => row.userId === userId);
    const own = owned(memberships);
    return (
      (role === 'internal_user' || role === 'internal_user_viewer') &&
      own.length > 0 &&
      own.every((member) => member.role !== 'org_admin' && isOrganizationAdmin(caller, member.organizationId)) &&
      owned(places).every(({ teamId }) => isOurTeam(teamId)) &&
      owned(keys).every(isOurKey)
    );
  };
  const foreign = users.find((user) => !isOurs(user));
  if (foreign !== undefined) throw notOurs(foreign.id);
}

function notOurs(id: string): GatewayError {
  const message = `User ${id.slice(0, 256)} is not within your admin scope. Ask a proxy admin to delete this user.`;
  return new GatewayError('forbidden', message, { param: 'user_ids' });
}
