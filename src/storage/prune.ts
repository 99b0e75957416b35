import type { Kysely } from 'kysely';
import type { Database } from './database.ts';

/** Far longer than any process may be behind the change feed. */
const KEEP_CHANGES_MS = 24 * 60 * 60 * 1_000;

/** Deletes what nobody can need any more: old rows of the change feed, and idempotency notes past their time. */
export async function prune(writes: Kysely<Database>, nowMs: number): Promise<void> {
  await writes
    .deleteFrom('changes')
    .where('at_ms', '<', nowMs - KEEP_CHANGES_MS)
    .execute();
  await writes.deleteFrom('idempotency').where('expires_at_ms', '<=', nowMs).execute();
}
