/**
 * Alerts on their way to people, and those that have been sent: while such a row stands, the same alert is not sent again.
 * What was delivered keeps its name and loses its contents.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

export async function createAlerts(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await db.schema
    .createTable('alerts')
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('channel', text, (column) => column.notNull())
    .addColumn('recipient', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('event', text)
    .addColumn('sealed_secret', text)
    .addColumn('attempts', 'bigint', (column) => column.notNull())
    .addColumn('next_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('done_at_ms', 'bigint')
    .addColumn('keep_until_ms', 'bigint')
    .addPrimaryKeyConstraint('alerts_pkey', ['id', 'channel', 'recipient'])
    .execute();
  await db.schema
    .createIndex('alerts_pending')
    .on('alerts')
    .columns(['next_at_ms', 'id'])
    .where(sql<boolean>`state = 'pending'`)
    .execute();
  await db.schema
    .createIndex('alerts_keep_until')
    .on('alerts')
    .column('keep_until_ms')
    .where(sql<boolean>`keep_until_ms is not null`)
    .execute();
}
