/** The processes that serve from this database, each with a row that it renews for as long as it lives. */
import type { Kysely } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

export async function createProcesses(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await db.schema
    .createTable('processes')
    .addColumn('id', text, (column) => column.notNull().primaryKey())
    .addColumn('host', text, (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('identity', text, (column) => column.notNull())
    .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('heartbeat_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('feed_position', 'bigint', (column) => column.notNull())
    .execute();
}
