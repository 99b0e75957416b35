/** Of each secret: how it is shown once another has replaced it, when it was last used, and for how many calls. */
import type { Kysely } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

export async function countSecretUse(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  await db.schema.alterTable('key_secrets').addColumn('mask', textType(dialect)).execute();
  await db.schema.alterTable('key_secrets').addColumn('last_used_at_ms', 'bigint').execute();
  await db.schema
    .alterTable('key_secrets')
    .addColumn('calls', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
}
