import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isAdmin, maySeeAll } from '../../core/rights.ts';
import type { SessionRecord } from '../../core/session.ts';
import type { SessionManagement } from './session-management.ts';

export interface SessionListing {
  /** Null: the caller's own; for whoever may see everything, everybody's. */
  userId: string | null;
  page: number;
  size: number;
}

/** Sessions that still open something, newest first. Throws forbidden for somebody else's. */
export async function listSessions(
  deps: Pick<SessionManagement, 'sessions' | 'lifetimes' | 'nowMs'>,
  caller: Caller,
  { userId, page, size }: SessionListing,
): Promise<{ sessions: SessionRecord[]; total: number }> {
  const query = {
    nowMs: deps.nowMs(),
    idleMs: deps.lifetimes.idleMs,
    limit: size,
    offset: (page - 1) * size,
  };
  if (maySeeAll(caller)) return deps.sessions.list(userId === null ? query : { ...query, userId });
  const own = ownUserOf(caller);
  if (userId !== null && userId !== own) {
    throw new GatewayError('forbidden', 'You can only see your own sessions.', { param: 'user_id' });
  }
  return own === null ? { sessions: [], total: 0 } : deps.sessions.list({ ...query, userId: own });
}

/** Whose sessions are the caller's own; null: a key without a user has none, whatever user_id stands on it. */
export function ownUserOf(caller: Caller): string | null {
  return isAdmin(caller) || caller.path.user !== null ? caller.userId : null;
}
