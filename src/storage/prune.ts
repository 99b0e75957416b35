import type { Kysely } from 'kysely';
import type { Database } from './database.ts';

/** Far longer than any process may be behind the change feed. */
const KEEP_CHANGES_MS = 24 * 60 * 60 * 1_000;

/** That somebody was signed in is in the audit log for good. */
const KEEP_SESSIONS_MS = 7 * 24 * 60 * 60 * 1_000;

/**
 * Deletes what nobody can need any more: old rows of the change feed, idempotency notes, sessions and alerts past their
 * time.
 */
export async function prune(writes: Kysely<Database>, nowMs: number): Promise<void> {
  await writes
    .deleteFrom('changes')
    .where('at_ms', '<', nowMs - KEEP_CHANGES_MS)
    .execute();
  await writes.deleteFrom('idempotency').where('expires_at_ms', '<=', nowMs).execute();
  await writes
    .deleteFrom('sessions')
    .where('expires_at_ms', '<', nowMs - KEEP_SESSIONS_MS)
    .execute();
  await writes.deleteFrom('alerts').where('keep_until_ms', '<', nowMs).execute();
}
