/** The audit log, the change feed, and the installation's small named values. */
import type { Kysely } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

export async function createHistory(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await db.schema
    .createTable('audit_log')
    .addColumn('id', text, (column) => column.notNull().primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', text, (column) => column.notNull())
    .addColumn('changed_by_hash', text, (column) => column.notNull())
    .addColumn('request_id', text, (column) => column.notNull())
    .addColumn('source_ip', text)
    .addColumn('action', text, (column) => column.notNull())
    .addColumn('table_name', text, (column) => column.notNull())
    .addColumn('object_id', text, (column) => column.notNull())
    .addColumn('before', text)
    .addColumn('after', text)
    .execute();
  await db.schema.createIndex('audit_log_at').on('audit_log').columns(['at_ms', 'id']).execute();
  await db.schema.createIndex('audit_log_object').on('audit_log').columns(['object_id', 'at_ms', 'id']).execute();
  await db.schema.createIndex('audit_log_action').on('audit_log').columns(['action', 'at_ms', 'id']).execute();

  await db.schema
    .createTable('changes')
    .addColumn('seq', dialect === 'sqlite' ? 'integer' : 'bigint', (column) =>
      dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedAlwaysAsIdentity(),
    )
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('body', text, (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('changes_at').on('changes').column('at_ms').execute();

  await db.schema
    .createTable('settings')
    .addColumn('name', text, (column) => column.notNull().primaryKey())
    .addColumn('value', text, (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
