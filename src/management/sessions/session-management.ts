import type { Standing } from '../../core/call-path.ts';
import type { SessionLifetimes } from '../../core/session.ts';
import type { OwnerLinks, OwnerReaders, Transact } from '../../storage/owners/owner-storage.ts';
import type { SessionCache, SessionStore } from '../../storage/sessions/session-storage.ts';
import type { LoginThrottle } from './login-throttle.ts';

/** Hashing of passwords; slow on purpose, and not on the event loop. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** As long for somebody without a password (`stored` undefined: never true) as for anybody. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
}

/** What is needed to set and to check a password. */
export interface PasswordManagement {
  sessions: Pick<SessionStore, 'findPassword'>;
  passwords: Passwords;
  throttle: LoginThrottle;
}

/** What the verbs over sessions ask of the world. */
export interface SessionManagement extends PasswordManagement {
  sessions: SessionStore;
  sessionCache: Pick<SessionCache, 'lookup'>;
  owners: Pick<OwnerReaders, 'users'>;
  standingOf(links: OwnerLinks): Standing | Promise<Standing>;
  transact: Transact;
  adminLogin: { username: string; credentialOf(password: string): string | null };
  lifetimes: SessionLifetimes;
  nowMs(): number;
  randomBytes(count: number): Uint8Array;
  newId(prefix: string): string;
}
