import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { SecretUse, WorkingSecretRow } from '../storage.ts';

const BATCH = 500;

/** Adds to the calls of each secret and moves its last use forward, never back. Several secrets a statement. */
export async function addSecretUses(writes: Kysely<Database>, uses: ReadonlyMap<string, SecretUse>): Promise<void> {
  const entries = [...uses].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let start = 0; start < entries.length; start += BATCH) {
    const values = entries
      .slice(start, start + BATCH)
      .map(
        ([hash, { atMs, calls }]) => sql`(cast(${hash} as text), cast(${atMs} as bigint), cast(${calls} as bigint))`,
      );
    await sql`
      with seen (hash, at_ms, calls) as (values ${sql.join(values)})
      update key_secrets set
        calls = key_secrets.calls + seen.calls,
        last_used_at_ms = case
          when key_secrets.last_used_at_ms > seen.at_ms then key_secrets.last_used_at_ms else seen.at_ms end
      from seen where key_secrets.hash = seen.hash`.execute(writes);
  }
}

/** The secrets that open a key at this moment, the current one first. */
export async function findWorkingSecrets(
  db: Kysely<Database>,
  keyId: string,
  nowMs: number,
): Promise<WorkingSecretRow[]> {
  const rows = await db
    .selectFrom('key_secrets')
    .select(['hash', 'mask', 'revoked_at_ms', 'last_used_at_ms', 'calls'])
    .where('key_id', '=', keyId)
    .where((eb) => eb.or([eb('revoked_at_ms', 'is', null), eb('revoked_at_ms', '>', nowMs)]))
    .orderBy('created_at_ms', 'desc')
    .execute();
  return rows
    .map((row) => ({
      hash: row.hash,
      mask: row.mask,
      revokedAtMs: row.revoked_at_ms,
      lastUsedAtMs: row.last_used_at_ms,
      calls: row.calls,
    }))
    .sort((a, b) => Number(a.revokedAtMs !== null) - Number(b.revokedAtMs !== null));
}
