import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertAdmin } from '../../core/rights.ts';
import { buildKeyAudit } from '../keys/key-audit.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { buildSessionAudit } from '../sessions/session-audit.ts';
import { type UserManagement, userNotFound } from './user-management.ts';

/** Users of one request. */
const MAX_IDS = 1_000;

/**
 * Deletes users with their keys and memberships, all or none. From the moment this returns none of their keys opens
 * anything. Names, keys and spend stay readable in the history. Throws not_admin, not_found, bad_request.
 */
export async function deleteUsers(
  deps: UserManagement,
  caller: Caller,
  actor: Actor,
  ids: readonly string[],
): Promise<number> {
  assertAdmin(caller, '/user/delete');
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
    if (missing !== undefined) throw userNotFound(missing);
    const keys = await unit.keys.ofOwners({ userIds: wanted });
    for (const key of keys) await unit.keys.remove(key, deleted);
    for (const member of await unit.teamMembers.findWhere({ userId: wanted })) {
      await unit.teamMembers.update({ ...member, ...gone });
    }
    for (const member of await unit.organizationMembers.findWhere({ userId: wanted })) {
      await unit.organizationMembers.update({ ...member, ...gone });
    }
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
