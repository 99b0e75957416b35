/**
 * What the key list filters and sorts by, beside what finds the keys. On SQLite an index of its own, by key_id: keys that
 * another table points at (by spend, tag, group) are looked up in it instead of among the whole keys, which are ten times
 * as wide, and where a filter leaves more than can be looked up it is read from one end to the other. PostgreSQL reads
 * such keys together by itself; there the index of the last use, which is written with every use as it is, holds the rest.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

export async function gatherKeyFacts(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const sorted = sql`created_at_ms, updated_at_ms, max_budget_nano_usd, alias`;
  const standing = sql`expires_at_ms, blocked, deleted_at_ms`;
  if (dialect === 'sqlite') {
    await sql`create index keys_facts on keys (key_id, ${sorted}, last_active_at_ms, ${standing})
      where deleted_at_ms is null`.execute(db);
    return;
  }
  await sql`drop index keys_sort_last_active_at_ms`.execute(db);
  await sql`create index keys_sort_last_active_at_ms on keys (last_active_at_ms, key_id, ${standing})
    include (${sorted}) where deleted_at_ms is null`.execute(db);
}
