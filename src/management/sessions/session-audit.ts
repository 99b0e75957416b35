import type { Actor, AuditAction, AuditEntry } from '../../core/audit.ts';
import type { SessionRecord } from '../../core/session.ts';

/**
 * The audit row of what became of a session, which it names by its public name only. `by`: who did it; where that is the
 * session itself, as whom it was signed in.
 */
export function buildSessionAudit(
  deps: { newId(prefix: string): string },
  by: Actor | { itself: Actor },
  atMs: number,
  action: Extract<AuditAction, 'login' | 'logout' | 'revoked'>,
  session: SessionRecord,
): AuditEntry {
  const { id, kind, userId } = session;
  const values = { session_id: id, kind, user_id: userId, expires: new Date(session.expiresAtMs).toISOString() };
  return {
    ...('itself' in by ? asSession(by.itself, session) : by),
    id: deps.newId('audit_'),
    atMs,
    action,
    tableName: 'sessions',
    objectId: id,
    objectKeyId: null,
    objectName: userId,
    before: action === 'login' ? null : values,
    after: action === 'login' ? values : null,
  };
}

function asSession(actor: Actor, { id, userId, hash }: SessionRecord): Actor {
  return {
    ...actor,
    changedBy: userId,
    changedByHash: hash,
    callerKind: 'session',
    callerUserId: userId,
    callerSessionId: id,
  };
}
