import { type CallPath, type Memberships, NO_STANDING, type Standing } from './call-path.ts';
import type { KeyRecord } from './key.ts';
import type { Role } from './role.ts';

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
  return { kind: 'key', role, userId: key.userId, secretHash, endsAtMs, asOf, key, ...standing };
}
