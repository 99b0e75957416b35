import { type Kysely, sql } from 'kysely';
import type { Database, DialectName } from './database.ts';

/** Whoever lives frees ended leases several times a second. */
const LONG_ENDED_MS = 60_000;

/**
 * Holds in the database whose lease has ended more than a minute ago, and which nobody has freed. A hold of a call in
 * flight, whichever process it is in, has a lease that goes on. Null: holds are not counted in this database.
 */
export async function countStaleHolds(reads: Kysely<Database>, dialect: DialectName): Promise<number | null> {
  if (dialect !== 'postgres') return null;
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from counter_holds
    where expires_at_ms <= extract(epoch from clock_timestamp()) * 1000 - ${LONG_ENDED_MS}`.execute(reads);
  return rows[0]?.n ?? 0;
}
