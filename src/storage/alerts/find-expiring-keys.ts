import { type Kysely, sql } from 'kysely';
import type { KeyRecord } from '../../core/key.ts';
import { expiryAlertId } from '../../core/key-alerts.ts';
import type { Database } from '../database.ts';
import { fromKeyRow, KEY_COLUMNS } from '../keys/key-row.ts';

/** Keys in use that expire soon and of which nobody has been told, those that expire first before others. */
export async function findExpiringKeys(
  db: Kysely<Database>,
  { nowMs, untilMs, limit }: { nowMs: number; untilMs: number; limit: number },
): Promise<KeyRecord[]> {
  const [before = '', between = '', after = ''] = expiryAlertId('\0', '\0').split('\0');
  const expiry = sql`cast(${sql.ref('keys.expires_at_ms')} as text)`;
  const id = sql<string>`${before} || ${sql.ref('keys.key_id')} || ${between} || ${expiry} || ${after}`;
  const rows = await db
    .selectFrom('keys')
    .select(KEY_COLUMNS)
    .where('keys.deleted_at_ms', 'is', null)
    .where('keys.expires_at_ms', '>', nowMs)
    .where('keys.expires_at_ms', '<=', untilMs)
    .where((eb) => eb.or([eb('keys.blocked', 'is', null), eb('keys.blocked', '=', 0)]))
    .where((eb) =>
      eb.not(eb.exists(eb.selectFrom('alerts').select('alerts.id').where(sql<boolean>`alerts.id = ${id}`))),
    )
    .orderBy('keys.expires_at_ms')
    .orderBy('keys.key_id')
    .limit(limit)
    .execute();
  return rows.map(fromKeyRow);
}
