import type { Kysely } from 'kysely';
import type { KeyRecord } from '../../core/key.ts';
import type { Database } from '../database.ts';
import { fromKeyRow, KEY_COLUMNS } from './key-row.ts';

/** Keys in use whose rotation is to be opened or has become overdue, those due first. Blocked ones wait. */
export async function findDueRotations(db: Kysely<Database>, nowMs: number, limit: number): Promise<KeyRecord[]> {
  const rows = await db
    .selectFrom('keys')
    .select(KEY_COLUMNS)
    .where('keys.key_rotation_at_ms', '<=', nowMs)
    .where('keys.deleted_at_ms', 'is', null)
    .where('keys.rotation_overdue', '=', 0)
    .where((eb) =>
      eb.or([eb('keys.rotation_claim_until_ms', 'is', null), eb('keys.rotation_claim_until_ms', '<=', nowMs)]),
    )
    .where((eb) => eb.or([eb('keys.blocked', 'is', null), eb('keys.blocked', '=', 0)]))
    .where((eb) => eb.or([eb('keys.expires_at_ms', 'is', null), eb('keys.expires_at_ms', '>', nowMs)]))
    .orderBy('keys.key_rotation_at_ms')
    .limit(limit)
    .execute();
  return rows.map(fromKeyRow);
}
