import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.ts';

const BATCH = 500;

/** Moves "last active" forward, never back. Several keys a statement; keys that are gone are passed over. */
export async function touchKeys(writes: Kysely<Database>, lastActive: ReadonlyMap<string, number>): Promise<void> {
  const entries = [...lastActive].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let start = 0; start < entries.length; start += BATCH) {
    const values = entries
      .slice(start, start + BATCH)
      .map(([keyId, atMs]) => sql`(cast(${keyId} as text), cast(${atMs} as bigint))`);
    await sql`
      with seen (key_id, at_ms) as (values ${sql.join(values)})
      update keys set last_active_at_ms = seen.at_ms from seen
      where keys.key_id = seen.key_id
        and (keys.last_active_at_ms is null or keys.last_active_at_ms < seen.at_ms)`.execute(writes);
  }
}
