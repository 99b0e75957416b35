import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isAdmin } from '../../core/rights.ts';
import { ownUserOf } from './list-sessions.ts';
import { buildSessionAudit } from './session-audit.ts';
import type { SessionManagement } from './session-management.ts';

/** One of the two. */
export interface SessionRevocation {
  sessionId: string | null;
  userId: string | null;
}

/**
 * Ends one session, or all of a user; from the next request on nothing opens with them. People end their own,
 * administrators anybody's. Returns how many. Throws bad_request, not_found (also for somebody else's session), forbidden.
 */
export async function revokeSessions(
  deps: Pick<SessionManagement, 'sessions' | 'transact' | 'nowMs' | 'newId'>,
  caller: Caller,
  actor: Actor,
  { sessionId, userId }: SessionRevocation,
): Promise<number> {
  if ((sessionId === null) === (userId === null)) {
    throw new GatewayError('bad_request', 'Name one: session_id, or user_id for all sessions of a user.', {
      param: 'session_id',
    });
  }
  const which = sessionId === null ? { userIds: [userId as string] } : { id: sessionId };
  if (sessionId !== null) await assertKnown(deps, caller, sessionId);
  else if (!isAdmin(caller) && userId !== ownUserOf(caller)) {
    throw new GatewayError('forbidden', 'You can only end your own sessions.', { param: 'user_id' });
  }
  const nowMs = deps.nowMs();
  const result = await deps.transact(async (unit) => {
    const ended = await unit.sessions.end(which);
    await unit.audit(ended.map((session) => buildSessionAudit(deps, actor, nowMs, 'revoked', session)));
    return ended.length;
  });
  return result.kind === 'done' ? result.value : 0;
}

async function assertKnown(
  { sessions }: Pick<SessionManagement, 'sessions'>,
  caller: Caller,
  sessionId: string,
): Promise<void> {
  const session = await sessions.find(sessionId);
  if (session !== undefined && (isAdmin(caller) || session.userId === ownUserOf(caller))) return;
  throw new GatewayError('not_found', 'There is no such session.', { param: 'session_id' });
}
