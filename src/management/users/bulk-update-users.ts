import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertAdmin } from '../../core/rights.ts';
import { type UserUpdate, updateUser } from './update-user.ts';
import type { UserFields } from './user-fields.ts';
import type { UserManagement } from './user-management.ts';
import type { UserView } from './view-user.ts';

/** One of many: who is meant, and what is to change, or why the request for it could not be read. */
export interface BulkItem {
  userId: string | null;
  email: string | null;
  update: UserUpdate | GatewayError;
}

/** `all`: the same for every user there is. */
export type BulkUpdate = { items: readonly BulkItem[] } | { all: UserFields };

export interface BulkResult {
  userId: string | null;
  email: string | null;
  /** The user as it is now, or why it stayed as it was. */
  outcome: UserView | GatewayError;
}

const MAX_ITEMS = 500;
/** Each is a transaction of its own, and the caller waits for all of them. */
const MAX_ALL = 5_000;

/**
 * Changes many users, each by itself: what is refused for one does not keep the others from changing. Throws bad_request
 * for none and for too many, and not_admin where somebody else than an administrator means everybody.
 */
export async function bulkUpdateUsers(
  deps: UserManagement,
  caller: Caller,
  actor: Actor,
  input: BulkUpdate,
): Promise<BulkResult[]> {
  const items = 'all' in input ? await listAll(deps, caller, input.all) : input.items;
  if (items.length === 0) throw nothingToUpdate('users');
  if (!('all' in input) && items.length > MAX_ITEMS) {
    const message = `Maximum ${MAX_ITEMS} users can be updated at once. Found ${items.length} users.`;
    throw new GatewayError('bad_request', message, { param: 'users' });
  }
  const results: BulkResult[] = [];
  for (const { userId, email, update } of items) {
    results.push({ userId, email, outcome: await tryUpdate(deps, caller, actor, update) });
  }
  return results;
}

/** A request that says neither of whom nor of what. */
export function nothingToUpdate(param: 'users' | 'user_updates'): GatewayError {
  const message =
    "Must specify either 'users' for individual updates or 'all_users=True' with 'user_updates' for bulk updates";
  return new GatewayError('bad_request', message, { param });
}

/** A refusal is this item's result; a fault of ours ends everything. */
async function tryUpdate(
  deps: UserManagement,
  caller: Caller,
  actor: Actor,
  update: UserUpdate | GatewayError,
): Promise<UserView | GatewayError> {
  if (update instanceof GatewayError) return update;
  try {
    return await updateUser(deps, caller, actor, update);
  } catch (error) {
    if (error instanceof GatewayError && error.status < 500) return error;
    throw error;
  }
}

async function listAll(deps: UserManagement, caller: Caller, fields: UserFields): Promise<BulkItem[]> {
  assertAdmin(caller, '/user/bulk_update');
  if (fields.email !== undefined) {
    throw new GatewayError('bad_request', 'user_updates holds for everybody, so it cannot say a user_email.', {
      param: 'user_updates',
    });
  }
  const { records, total } = await deps.owners.users.list({ scope: 'all', limit: MAX_ALL, offset: 0 });
  if (total > MAX_ALL) {
    const message = `all_users changes up to ${MAX_ALL} users, and there are ${total}. Name them in users, ${MAX_ITEMS} at a time.`;
    throw new GatewayError('bad_request', message, { param: 'all_users' });
  }
  return records.map(({ id, email }) => ({ userId: id, email, update: { id, email: null, fields, secret: {} } }));
}
