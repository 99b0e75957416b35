import { ADMIN_USER_ID } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { UserRecord } from '../../core/owner-records.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { buildBlankOwner } from '../owners/blank-owner.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { applyUserDefaults } from '../users/apply-user-defaults.ts';
import { mergeUserFields } from '../users/user-fields.ts';
import type { UserDefaults } from '../users/user-management.ts';
import type { PersonName } from './person-name.ts';

export type PeopleDeps = Pick<OwnerManagement, 'newId'> & { userDefaults: UserDefaults };

export interface ResolvedPeople {
  /** One for each name, in the order of the names. */
  userIds: string[];
  /** By id. The administrator with the master key has no row. */
  users: ReadonlyMap<string, UserRecord>;
  /** Those who were not known before. */
  created: UserRecord[];
}

/**
 * The users behind names; who is not known yet is made, as `internal_user`. A part of a transaction.
 * Throws bad_request when an address belongs to another user than the one that is named beside it.
 */
export async function resolvePeople(
  unit: Pick<WriteUnit, 'users' | 'nowMs'>,
  names: readonly PersonName[],
  deps: PeopleDeps,
  createdBy: string,
): Promise<ResolvedPeople> {
  const users = new Map<string, UserRecord>();
  const byEmail = new Map<string, UserRecord>();
  const know = (user: UserRecord): void => {
    users.set(user.id, user);
    if (user.email !== null) byEmail.set(user.email, user);
  };
  const ids = names.flatMap(({ userId }) => (userId === null ? [] : [userId]));
  const emails = names.flatMap(({ email }) => (email === null ? [] : [email]));
  // In one order for all, so that two requests never wait for each other.
  if (ids.length > 0) for (const user of await unit.users.findWhere({ id: [...new Set(ids)] })) know(user);
  if (emails.length > 0) for (const user of await unit.users.findWhere({ email: [...new Set(emails)] })) know(user);

  const created: UserRecord[] = [];
  const userIds: string[] = [];
  for (const { userId, email } of names) {
    const holder = email === null ? undefined : byEmail.get(email);
    if (userId !== null && holder !== undefined && holder.id !== userId) throw addressTaken();
    const known = userId === null ? holder : users.get(userId);
    const id = userId ?? known?.id ?? deps.newId('user_');
    userIds.push(id);
    if (known !== undefined || id === ADMIN_USER_ID) continue;
    const user = buildMissingUser(deps.userDefaults, { id, email, createdBy, nowMs: unit.nowMs });
    if (!(await unit.users.insert(user))) throw madeMeanwhile();
    know(user);
    created.push(user);
  }
  return { userIds, users, created };
}

/**
 * Somebody of whom nothing is known but a name: a plain user with the installation's limits for new ones. The role that
 * its settings give to new users is for those who make users, not for whoever adds a member.
 */
function buildMissingUser(
  defaults: UserDefaults,
  { id, email, createdBy, nowMs }: { id: string; email: string | null; createdBy: string; nowMs: number },
): UserRecord {
  const blank: UserRecord = { ...buildBlankOwner(id, createdBy, nowMs), email, role: 'internal_user' };
  return mergeUserFields(blank, applyUserDefaults({ role: 'internal_user', limits: {}, extra: {} }, defaults, nowMs));
}

/** Also where storage found it. */
export function addressTaken(): GatewayError {
  return new GatewayError('bad_request', 'user_email belongs to another user.', { param: 'user_email' });
}

function madeMeanwhile(): GatewayError {
  return new GatewayError('conflict', 'Somebody else made this user at the same moment. Send the request again.', {
    param: 'user_id',
  });
}
