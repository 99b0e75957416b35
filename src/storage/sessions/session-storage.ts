/** What storage offers about sessions and passwords, as types. */
import type { SessionRecord } from '../../core/session.ts';

export interface SessionQuery {
  /** Whose; absent: everybody's. */
  userId?: string;
  nowMs: number;
  idleMs: number;
  limit: number;
  offset: number;
}

export interface SessionStore {
  /** Newest first; only those that still open something. */
  list(query: SessionQuery): Promise<{ sessions: SessionRecord[]; total: number }>;
  find(id: string): Promise<SessionRecord | undefined>;
  /** The hash of a user's password, in PHC form; undefined: it has none, or is no user. */
  findPassword(userId: string): Promise<string | undefined>;
}

/** Look-ups of requests: synchronous when cached, and true to the last committed change. */
export interface SessionCache {
  lookup(hash: string): SessionRecord | null | Promise<SessionRecord | null>;
  /**
   * Notes that the session is in use at this moment, unless it has ended meanwhile or was last seen before `sinceMs`.
   * Resolves to the session as the database has it, or null when it no longer opens anything.
   */
  touch(session: SessionRecord, nowMs: number, sinceMs: number): Promise<SessionRecord | null>;
}

/** The same inside a transaction. */
export interface SessionWriter {
  insert(session: SessionRecord): Promise<void>;
  /** Ends living sessions: one by id, or all of these users but `exceptId`. Returns those that it ended. */
  end(which: { id: string } | { userIds: readonly string[]; exceptId?: string | null }): Promise<SessionRecord[]>;
}

export interface PasswordWriter {
  /** Locked against others until the end of the transaction. */
  find(userId: string): Promise<string | undefined>;
  set(userId: string, hash: string): Promise<void>;
  remove(userIds: readonly string[]): Promise<void>;
}
