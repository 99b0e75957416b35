/**
 * When the secret of a key is due to be replaced, until when its holder is to claim the next one, and whether that time
 * has passed. Keys that were to rotate already count from their last rotation, or from when they were made.
 */
import { type Kysely, sql } from 'kysely';
import { addDuration, parseDuration } from '../../core/duration.ts';

interface OldKeys {
  keys: {
    key_id: string;
    auto_rotate: number;
    rotation_interval: string | null;
    created_at_ms: number;
    last_rotation_at_ms: number | null;
    deleted_at_ms: number | null;
    key_rotation_at_ms: number | null;
  };
}

export async function scheduleKeyRotation(db: Kysely<unknown>): Promise<void> {
  for (const name of ['key_rotation_at_ms', 'rotation_claim_until_ms']) {
    await db.schema.alterTable('keys').addColumn(name, 'bigint').execute();
  }
  await db.schema
    .alterTable('keys')
    .addColumn('rotation_overdue', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex('keys_by_rotation')
    .on('keys')
    .columns(['key_rotation_at_ms'])
    .where(sql<boolean>`deleted_at_ms is null and rotation_overdue = 0 and key_rotation_at_ms is not null`)
    .execute();
  const keys = db as Kysely<OldKeys>;
  const rotating = await keys
    .selectFrom('keys')
    .select(['key_id', 'rotation_interval', 'created_at_ms', 'last_rotation_at_ms'])
    .where('auto_rotate', '=', 1)
    .where('rotation_interval', 'is not', null)
    .where('deleted_at_ms', 'is', null)
    .execute();
  for (const key of rotating) {
    const interval = parseDuration(key.rotation_interval ?? '');
    if (interval === undefined) continue;
    const dueAtMs = addDuration(key.last_rotation_at_ms ?? key.created_at_ms, interval);
    await keys.updateTable('keys').set({ key_rotation_at_ms: dueAtMs }).where('key_id', '=', key.key_id).execute();
  }
}
