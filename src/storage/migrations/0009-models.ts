/** Deployments that administrators add while the gateway runs. Credentials in `params` are sealed. */
import type { Kysely } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

export async function createModels(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await db.schema
    .createTable('models')
    .addColumn('id', text, (column) => column.notNull().primaryKey())
    .addColumn('model_name', text, (column) => column.notNull())
    .addColumn('params', text, (column) => column.notNull())
    .addColumn('info', text, (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('created_by', text, (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_by', text, (column) => column.notNull())
    .addColumn('deleted_at_ms', 'bigint')
    .addColumn('deleted_by', text)
    .execute();
}
