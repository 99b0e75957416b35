import type { Actor } from '../../core/audit.ts';
import { ADMIN_USER_ID } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import { refusePath } from '../../core/owner-standing.ts';
import { formatSessionToken, type SessionRecord } from '../../core/session.ts';
import { MAX_PASSWORD_LENGTH } from './password-rules.ts';
import { buildSessionAudit } from './session-audit.ts';
import type { SessionManagement } from './session-management.ts';

export interface SignIn {
  /** A user's id or address, or the administrator's name. */
  username: string;
  password: string;
  sourceIp: string;
  /** The token of the session that the browser already has: it ends. */
  replaces: string | undefined;
}

export interface SignedIn {
  session: SessionRecord;
  /** In here and nowhere else. */
  token: string;
}

const TOKEN_BYTES = 32;

/**
 * Opens a session for whoever knows the password. Always a new one with a new token, whatever the browser came with.
 * Throws authentication (in the same words and after the same work for an unknown name and a wrong password), forbidden
 * (a blocked user with the right password), rate_limited.
 */
export async function signIn(deps: SessionManagement, actor: Actor, input: SignIn): Promise<SignedIn> {
  const { password, sourceIp } = input;
  const username = input.username.trim();
  deps.throttle.fromSource(sourceIp);
  const isAdmin = username === deps.adminLogin.username;
  const found = isAdmin ? undefined : await findAccount(deps, username);
  const account = isAdmin ? 'admin' : `user ${found?.userId ?? username.toLowerCase()}`;
  deps.throttle.onAccount(account);
  const isTooLong = password.length > 2 * MAX_PASSWORD_LENGTH;
  const matches = await deps.passwords.verify(found?.hash, isTooLong ? '' : password);
  const credentialHash = isAdmin ? deps.adminLogin.credentialOf(password) : null;
  if (isAdmin ? credentialHash === null : !matches) throw wrong();
  deps.throttle.succeeded(account, sourceIp);
  const userId = found?.userId ?? ADMIN_USER_ID;
  if (!isAdmin) await assertMayEnter(deps, userId);

  const nowMs = deps.nowMs();
  const token = formatSessionToken(deps.randomBytes(TOKEN_BYTES));
  const session: SessionRecord = {
    id: deps.newId('session_'),
    hash: sha256Hex(token),
    kind: isAdmin ? 'admin' : 'user',
    userId,
    credentialHash,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + deps.lifetimes.absoluteMs,
    lastSeenAtMs: nowMs,
    endedAtMs: null,
    sourceIp: actor.sourceIp,
    userAgent: actor.userAgent,
  };
  const old = input.replaces === undefined ? null : await deps.sessionCache.lookup(sha256Hex(input.replaces));
  await deps.transact(async (unit) => {
    // The password may have been replaced, or the user deleted, while it was being checked.
    if (!isAdmin && (await unit.passwords.find(userId)) !== found?.hash) throw wrong();
    for (const ended of old === null ? [] : await unit.sessions.end({ id: old.id })) {
      await unit.audit([buildSessionAudit(deps, { itself: actor }, nowMs, 'logout', ended)]);
    }
    await unit.sessions.insert(session);
    await unit.audit([buildSessionAudit(deps, { itself: actor }, nowMs, 'login', session)]);
  });
  return { session, token };
}

interface Account {
  userId: string;
  /** Undefined: no password was set. */
  hash: string | undefined;
}

/** By id, then by address. Of two that the name could mean, the one that has a password. */
async function findAccount(deps: SessionManagement, username: string): Promise<Account | undefined> {
  const where = { email: username.toLowerCase() };
  const [byId, byEmail] = await Promise.all([
    deps.owners.users.find([username]),
    deps.owners.users.list({ scope: 'all', where, limit: 1, offset: 0 }),
  ]);
  const ids = [byId?.id, byEmail.records[0]?.id].filter((id) => id !== undefined);
  const accounts = await Promise.all(
    ids.map(async (userId) => ({ userId, hash: await deps.sessions.findPassword(userId) })),
  );
  return accounts.find(({ hash }) => hash !== undefined) ?? accounts[0];
}

async function assertMayEnter(deps: SessionManagement, userId: string): Promise<void> {
  const standing = await deps.standingOf({ userId, teamId: null, organizationId: null, budgetId: null });
  if (standing.path.user === null) throw wrong();
  const refusal = refusePath(standing.path);
  if (refusal !== undefined) throw refusal;
}

function wrong(): GatewayError {
  return new GatewayError('authentication', 'Invalid username or password.');
}
