/** POST /user/bulk_update: body → what is to change of whom, and what became of each. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import {
  type BulkItem,
  type BulkResult,
  type BulkUpdate,
  nothingToUpdate,
} from '../../management/users/bulk-update-users.ts';
import type { UserUpdate } from '../../management/users/update-user.ts';
import { LaxBoolean } from './key-shapes.ts';
import type { LimitClock } from './limit-fields.ts';
import { fromUser, toUserFields, toUserUpdate, USER_SHAPE, UserRow, type UserShape } from './user.ts';

export const UserBulkBody = z.looseObject({
  users: z.array(z.looseObject(USER_SHAPE)).nullish(),
  all_users: LaxBoolean.nullish().describe('Instead of users: everybody, each as user_updates says.'),
  user_updates: z.looseObject(USER_SHAPE).nullish(),
});

export const UserBulkReply = z.object({
  results: z.array(
    z.object({
      user_id: z.string().nullable(),
      user_email: z.string().nullable(),
      success: z.boolean(),
      error: z.string().nullable(),
      updated_user: UserRow.nullable(),
    }),
  ),
  total_requested: z.number(),
  successful_updates: z.number(),
  failed_updates: z.number(),
});

/** Throws bad_request where `all_users` comes with nothing to change, or with users. */
export function toBulkUpdate({
  users,
  all_users: all,
  user_updates: updates,
}: z.output<typeof UserBulkBody>): BulkUpdate {
  if (all !== true) return { items: (users ?? []).map(toBulkItem) };
  if ((users ?? []).length > 0) {
    throw new GatewayError('validation', "Cannot specify both 'users' and 'all_users=True'", { param: 'users' });
  }
  if (updates == null) throw nothingToUpdate('user_updates');
  if (updates.user_id != null) {
    const message = 'user_updates holds for everybody, so it cannot say a user_id.';
    throw new GatewayError('bad_request', message, { param: 'user_updates' });
  }
  if ('password' in updates) throw passwordInBulk();
  return { all: toUserFields(updates) };
}

/** What is wrong with one item is that item's result. */
function toBulkItem(body: UserShape): BulkItem {
  return { userId: body.user_id ?? null, email: body.user_email ?? null, update: readUpdate(body) };
}

function readUpdate(body: UserShape): UserUpdate | GatewayError {
  if ('password' in body) return passwordInBulk();
  try {
    return toUserUpdate(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** Each takes its time to be hashed, so one request sets one. */
function passwordInBulk(): GatewayError {
  const message = 'Passwords are set one user at a time, with /user/update.';
  return new GatewayError('bad_request', message, { param: 'password' });
}

export function fromBulkResults(results: readonly BulkResult[], clock: LimitClock): z.output<typeof UserBulkReply> {
  const rows = results.map(({ userId, email, outcome }) => {
    const named = { user_id: userId, user_email: email };
    if (outcome instanceof GatewayError) {
      return { ...named, success: false, error: outcome.message, updated_user: null };
    }
    return { ...named, success: true, error: null, updated_user: fromUser(outcome, clock) };
  });
  const successful = rows.filter(({ success }) => success).length;
  return {
    results: rows,
    total_requested: rows.length,
    successful_updates: successful,
    failed_updates: rows.length - successful,
  };
}
