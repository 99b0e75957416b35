import type { Kysely } from 'kysely';
import type { ChangeEvent } from '../../core/change-event.ts';
import type { SessionRecord } from '../../core/session.ts';
import type { Database } from '../database.ts';
import { databaseUnavailable } from '../database-unavailable.ts';
import { createRecordCache } from '../owners/record-cache.ts';
import { toSession } from './session-rows.ts';
import type { SessionCache } from './session-storage.ts';

export interface EvictingSessionCache extends SessionCache {
  /** Takes back what the event concerns. */
  evict(event: ChangeEvent): void;
  clear(): void;
}

const SIZE = 10_000;
/** Look-ups at the same time. Made-up tokens must not keep everybody else from the database. */
const MAX_LOADS = 32;

/** Sessions in front of management requests, by the hash of their tokens; that there is none is remembered, too. */
export function createSessionCache(reads: Kysely<Database>, writes: Kysely<Database>): EvictingSessionCache {
  let loading = 0;

  async function load(hash: string): Promise<SessionRecord | null> {
    if (loading >= MAX_LOADS) throw databaseUnavailable(new Error('Too many session look-ups at once.'));
    loading += 1;
    try {
      const row = await reads.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row === undefined ? null : toSession(row);
    } finally {
      loading -= 1;
    }
  }

  const cache = createRecordCache(load, SIZE);
  return {
    lookup: (hash) => cache.get(hash),
    async touch(session, nowMs, sinceMs) {
      await writes
        .updateTable('sessions')
        .set({ last_seen_at_ms: nowMs })
        .where('hash', '=', session.hash)
        .where('ended_at_ms', 'is', null)
        .where('expires_at_ms', '>', nowMs)
        .where('last_seen_at_ms', '>', sinceMs)
        .where('last_seen_at_ms', '<', nowMs)
        .execute();
      // Read again in either case: the row may have been ended meanwhile, or touched by another process.
      cache.forget(session.hash);
      return cache.get(session.hash);
    },
    evict(event) {
      if (event.kind === 'session') event.hashes.forEach(cache.forget);
    },
    clear: cache.clear,
  };
}
