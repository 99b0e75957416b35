import { type CallPath, type Memberships, NO_STANDING, type Standing } from './call-path.ts';
import type { KeyRecord } from './key.ts';
import type { Role } from './role.ts';
import type { SessionRecord } from './session.ts';

/** The name under which acts of the master key are recorded. */
export const ADMIN_USER_ID = 'default_user_id';

/**
 * What was presented. Never told from `key === null`: a person's session has no key either, and is no administrator for
 * that.
 */
export type CallerKind = 'master_key' | 'key' | 'session' | 'anonymous';

/** Who is calling, after authentication. Holds no secret. */
export interface Caller {
  kind: CallerKind;
  role: Role;
  userId: string | null;
  /** Hash of the credential that was presented. */
  secretHash: string;
  /** The session's public name, where the caller is signed in with one. */
  sessionId: string | null;
  /** When the credential ends by the clock (the key's expiry, a rotation's grace period); null: never. */
  endsAtMs: number | null;
  /** How many changes this process had heard of when it looked: after further ones the caller may no longer be as good. */
  asOf: number;
  /** The virtual key, where one was presented. */
  key: KeyRecord | null;
  /** The owners whose limits and standing count for this caller's calls. */
  path: CallPath;
  /** Where the caller's user belongs. Nothing for a key without a user. */
  memberships: Memberships;
}

/** Nobody in particular: callers of public routes. Owns nothing and may change nothing. */
export const ANONYMOUS: Caller = Object.freeze({
  kind: 'anonymous',
  role: 'unknown',
  userId: null,
  secretHash: '',
  sessionId: null,
  endsAtMs: null,
  asOf: 0,
  key: null,
  ...NO_STANDING,
});

/** The administrator with the master key: no limits of its own, no owners. */
export function toMasterCaller(secretHash: string): Caller {
  return {
    kind: 'master_key',
    role: 'proxy_admin',
    userId: ADMIN_USER_ID,
    secretHash,
    sessionId: null,
    endsAtMs: null,
    asOf: 0,
    key: null,
    ...NO_STANDING,
  };
}

/** Somebody with a key: as much as its user may, and `unknown` where there is no such user. */
export function toKeyCaller(
  key: KeyRecord,
  secretHash: string,
  endsAtMs: number | null,
  standing: Standing,
  asOf = 0,
): Caller {
  const role = standing.path.user?.role ?? 'unknown';
  return { kind: 'key', role, userId: key.userId, secretHash, sessionId: null, endsAtMs, asOf, key, ...standing };
}

/** Somebody signed in: as much as the user may, or the administrator who signed in with the master key. */
export function toSessionCaller(session: SessionRecord, standing: Standing, asOf = 0): Caller {
  const role = session.kind === 'admin' ? 'proxy_admin' : (standing.path.user?.role ?? 'unknown');
  const { id, hash, userId, expiresAtMs } = session;
  return {
    kind: 'session',
    role,
    userId,
    secretHash: hash,
    sessionId: id,
    endsAtMs: expiresAtMs,
    asOf,
    key: null,
    ...standing,
  };
}
