import type { Actor } from '../../core/audit.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import { hasTokenShape } from '../../core/session.ts';
import { buildSessionAudit } from './session-audit.ts';
import type { SessionManagement } from './session-management.ts';

/** Ends the session of this token, also one whose time is over. One that there is not, or that was ended, is no error. */
export async function signOut(
  deps: Pick<SessionManagement, 'sessionCache' | 'transact' | 'nowMs' | 'newId'>,
  actor: Actor,
  token: string,
): Promise<void> {
  const session = hasTokenShape(token) ? await deps.sessionCache.lookup(sha256Hex(token)) : null;
  if (session === null) return;
  const nowMs = deps.nowMs();
  await deps.transact(async (unit) => {
    const ended = await unit.sessions.end({ id: session.id });
    await unit.audit(ended.map((one) => buildSessionAudit(deps, { itself: actor }, nowMs, 'logout', one)));
  });
}
