/**
 * Indexes for long lists. On SQLite the orders of the key list hold what tells whether a key is active, so that following
 * one of them past keys that do not match reads nothing else: a million entries in a fraction of a second. Keys of a
 * budget row, and calls that did not succeed, are found by themselves; most keys and calls are in neither index.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

const STANDING = ['expires_at_ms', 'blocked', 'deleted_at_ms'] as const;
const SORT_COLUMNS = [
  'created_at_ms',
  'updated_at_ms',
  'hash',
  'max_budget_nano_usd',
  'alias',
  'mask',
  'expires_at_ms',
  'last_active_at_ms',
] as const;

export async function indexLists(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const live = sql<boolean>`deleted_at_ms is null`;
  if (dialect === 'sqlite') {
    for (const name of SORT_COLUMNS) {
      await db.schema.dropIndex(`keys_sort_${name}`).execute();
      const columns = [name, 'key_id', ...STANDING.filter((column) => column !== name)];
      await db.schema.createIndex(`keys_sort_${name}`).on('keys').columns(columns).where(live).execute();
    }
  }
  await db.schema
    .createIndex('keys_by_budget_id')
    .on('keys')
    .columns(['budget_id', 'created_at_ms', 'key_id'])
    .where(sql<boolean>`deleted_at_ms is null and budget_id is not null`)
    .execute();
  await db.schema
    .createIndex('spend_logs_unsuccessful')
    .on('spend_logs')
    .columns(['status', 'started_at_ms'])
    .where(sql<boolean>`status <> 'success'`)
    .execute();
}
