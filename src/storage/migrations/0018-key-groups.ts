/**
 * The project and the access groups of keys as rows, so that a list finds the few keys of one among a million; and the
 * calls of a model by time. New calls of a model go to one end of its part of the index, so that a commit writes a page
 * for each model, not for each call.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { keyGroups } from '../keys/key-groups.ts';
import { textType } from './column-types.ts';

interface Tables {
  keys: { key_id: string; extra: string };
  key_groups: { kind: string; value: string; key_id: string };
}

const BATCH = 2_000;

export async function groupKeys(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await db.schema
    .createTable('key_groups')
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('value', text, (column) => column.notNull())
    .addColumn('key_id', text, (column) => column.notNull().references('keys.key_id'))
    .addPrimaryKeyConstraint('key_groups_pkey', ['kind', 'value', 'key_id'])
    .execute();
  await fill(db as Kysely<Tables>);
  await db.schema.createIndex('key_groups_key_id').on('key_groups').column('key_id').execute();
  await db.schema.createIndex('spend_logs_model').on('spend_logs').columns(['model', 'started_at_ms']).execute();
}

/** Page by page, as a database may hold any number of keys. */
async function fill(db: Kysely<Tables>): Promise<void> {
  for (let after = ''; ; ) {
    const keys = await db
      .selectFrom('keys')
      .select(['key_id', 'extra'])
      .where('key_id', '>', after)
      .where(sql<boolean>`(extra like '%"project_id"%' or extra like '%"access_group_ids"%')`)
      .orderBy('key_id')
      .limit(BATCH)
      .execute();
    const rows = keys.flatMap(({ key_id, extra }) =>
      keyGroups({ extra: JSON.parse(extra) }).map((group) => ({ ...group, key_id })),
    );
    for (let start = 0; start < rows.length; start += BATCH) {
      await db
        .insertInto('key_groups')
        .values(rows.slice(start, start + BATCH))
        .execute();
    }
    const last = keys.at(-1);
    if (last === undefined || keys.length < BATCH) return;
    after = last.key_id;
  }
}
