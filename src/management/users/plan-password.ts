import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertPassword } from '../sessions/password-rules.ts';
import type { PasswordManagement } from '../sessions/session-management.ts';

/** What a request says of a user's password. Absent: not mentioned; null: the user is to have none. */
export interface PasswordChange {
  password?: string | null | undefined;
  /** The one that holds now; people who change their own have to know it. */
  currentPassword?: string | null | undefined;
}

/**
 * The hash to store; null: none is to be; undefined: it stays. Whoever changes their own password proves that they know
 * the old one, so that a key or a session that was left open gives nobody a lasting way in. The first one is set by an
 * administrator. Throws bad_request, forbidden, rate_limited.
 */
export async function planPassword(
  deps: PasswordManagement,
  caller: Caller,
  userId: string,
  { password, currentPassword }: PasswordChange,
): Promise<string | null | undefined> {
  if (password === undefined) return undefined;
  if (password !== null) assertPassword(password);
  if (caller.kind !== 'master_key' && caller.path.user?.id === userId) {
    await assertKnowsCurrent(deps, userId, currentPassword ?? null);
  }
  return password === null ? null : deps.passwords.hash(password);
}

async function assertKnowsCurrent(deps: PasswordManagement, userId: string, given: string | null): Promise<void> {
  const param = 'current_password';
  if (given === null) {
    throw new GatewayError('bad_request', 'current_password is needed to change your own password.', { param });
  }
  const account = `user ${userId}`;
  deps.throttle.onAccount(account);
  const stored = await deps.sessions.findPassword(userId);
  if (!(await deps.passwords.verify(stored, given))) {
    const message = 'current_password is wrong, or you have none yet: an administrator sets the first one.';
    throw new GatewayError('forbidden', message, { param });
  }
  deps.throttle.clear(account);
}
