/**
 * Indexes for long lists. The orders of the key list hold what tells whether a key is active, so that following
 * one of them past keys that do not match reads nothing else: a million entries in a fraction of a second. Keys of a
 * budget row, and calls that did not succeed, are found by themselves; most keys and calls are in neither index.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

const STANDING = ['expires_at_ms', 'blocked', 'deleted_at_ms'] as const;
/** Indexed twice on PostgreSQL, which reads "null last" from an index in one direction only. */
const OPTIONAL_SORT_COLUMNS = ['max_budget_nano_usd', 'alias', 'mask', 'expires_at_ms', 'last_active_at_ms'] as const;
const SORT_COLUMNS = ['created_at_ms', 'updated_at_ms', 'hash', ...OPTIONAL_SORT_COLUMNS] as const;

export async function indexLists(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const live = sql<boolean>`deleted_at_ms is null`;
  for (const name of SORT_COLUMNS) {
    await db.schema.dropIndex(`keys_sort_${name}`).execute();
    const columns = [name, 'key_id', ...STANDING.filter((column) => column !== name)];
    await db.schema.createIndex(`keys_sort_${name}`).on('keys').columns(columns).where(live).execute();
  }
  if (dialect === 'postgres') {
    for (const name of OPTIONAL_SORT_COLUMNS) {
      const index = sql.ref(`keys_sort_${name}_desc`);
      await sql`drop index ${index}`.execute(db);
      const rest = sql.join(STANDING.filter((column) => column !== name).map((column) => sql.ref(column)));
      await sql`create index ${index} on keys (${sql.ref(name)} desc nulls last, key_id desc, ${rest}) where ${live}`.execute(
        db,
      );
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
