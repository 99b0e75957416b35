/** Where a key may call from, and who has made or changed it for its user. */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

export async function extendKeys(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await db.schema
    .alterTable('keys')
    .addColumn('allowed_ips', text, (column) => column.notNull().defaultTo('[]'))
    .execute();
  await db.schema.alterTable('keys').addColumn('governed_by', text).execute();
  await sql`update keys set governed_by = created_by where user_id is not null and created_by <> user_id`.execute(db);
}
