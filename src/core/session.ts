/**
 * Somebody signed in from a browser. A session is no key: it opens the management API with its user's role and calls no
 * model. Its token is shown once, in a cookie; what is kept is the token's hash.
 */

/** `admin`: signed in with the master key or the operator's own password for the dashboard. */
export type SessionKind = 'user' | 'admin';

export interface SessionRecord {
  /** Its public name. Opens nothing. */
  id: string;
  /** SHA-256 of the token. */
  hash: string;
  kind: SessionKind;
  userId: string;
  /** For `admin`: a hash of the password that opened it. Once that password is no longer in force, neither is the session. */
  credentialHash: string | null;
  createdAtMs: number;
  /** Whatever happens, it ends then. */
  expiresAtMs: number;
  /** At most a minute behind. */
  lastSeenAtMs: number;
  endedAtMs: number | null;
  sourceIp: string | null;
  userAgent: string | null;
}

/** How long sessions last. */
export interface SessionLifetimes {
  /** Without any request. */
  idleMs: number;
  /** From sign-in, whatever happens. */
  absoluteMs: number;
}

/** 32 random bytes in URL-safe base64. */
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;
/** Uses of a session are noted so often, at most. */
const MAX_TOUCH_MS = 60_000;

/** 256 random bits as text that a cookie can carry. */
export function formatSessionToken(randomBytes: Uint8Array): string {
  return Buffer.from(randomBytes).toString('base64url');
}

/** False for text that is no token of ours: it is refused without a look-up. */
export function hasTokenShape(text: string): boolean {
  return TOKEN_SHAPE.test(text);
}

/** Whether the record, as it is known here, has ended: by somebody, or by the clock. */
export function isSessionOver(session: SessionRecord, nowMs: number, { idleMs }: SessionLifetimes): boolean {
  return session.endedAtMs !== null || nowMs >= session.expiresAtMs || nowMs >= session.lastSeenAtMs + idleMs;
}

/** True when this use has to be noted, so that other processes and the next start know that somebody is there. */
export function isTouchDue(session: SessionRecord, nowMs: number, { idleMs }: SessionLifetimes): boolean {
  return nowMs - session.lastSeenAtMs >= Math.min(MAX_TOUCH_MS, idleMs / 10);
}
