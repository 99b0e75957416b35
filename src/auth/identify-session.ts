/** From a session's token to a `Caller`: cached, and true to the last change of the session and of its user. */
import { NO_STANDING, type Standing } from '../core/call-path.ts';
import { type Caller, toSessionCaller } from '../core/caller.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { sha256Hex } from '../core/key-secret.ts';
import { refusePath } from '../core/owner-standing.ts';
import {
  hasTokenShape,
  isSessionOver,
  isTouchDue,
  type SessionLifetimes,
  type SessionRecord,
} from '../core/session.ts';
import type { OwnerCache } from '../storage/owners/owner-storage.ts';
import type { SessionCache } from '../storage/sessions/session-storage.ts';
import type { AdminLogin } from './admin-login.ts';

export interface SessionDeps {
  sessionCache: SessionCache;
  owners: Pick<OwnerCache, 'standingOf'>;
  adminLogin: Pick<AdminLogin, 'isInForce'>;
  lifetimes: SessionLifetimes;
  changesHeard(): number;
  nowMs(): number;
}

/**
 * Who is signed in with this token. Rejects with a GatewayError: 401 for a session that is unknown or over, whose user is
 * gone or whose password was replaced, 403 for a blocked user.
 */
export async function identifySession(token: string, deps: SessionDeps): Promise<Caller> {
  if (!hasTokenShape(token)) throw sessionEnded();
  const asOf = deps.changesHeard();
  const session = await findLiving(sha256Hex(token), deps);
  if (session === null) throw sessionEnded();
  if (session.kind === 'admin') {
    if (session.credentialHash === null || !deps.adminLogin.isInForce(session.credentialHash)) throw sessionEnded();
    return toSessionCaller(session, NO_STANDING, asOf);
  }
  const standing: Standing = await deps.owners.standingOf({
    userId: session.userId,
    teamId: null,
    organizationId: null,
    budgetId: null,
  });
  if (standing.path.user === null) throw sessionEnded();
  const refusal = refusePath(standing.path);
  if (refusal !== undefined) throw refusal;
  return toSessionCaller(session, standing, asOf);
}

async function findLiving(hash: string, deps: SessionDeps): Promise<SessionRecord | null> {
  const { sessionCache, lifetimes } = deps;
  const nowMs = deps.nowMs();
  let session = await sessionCache.lookup(hash);
  // What is cached may be behind in when it was last seen, so the database is asked before it counts as idle.
  if (session !== null && session.endedAtMs === null && isTouchDue(session, nowMs, lifetimes)) {
    session = await sessionCache.touch(session, nowMs, nowMs - lifetimes.idleMs);
  }
  return session === null || isSessionOver(session, nowMs, lifetimes) ? null : session;
}

function sessionEnded(): GatewayError {
  return new GatewayError('authentication', 'Authentication Error, The session has ended. Sign in again.');
}
