/** Who is signed in, and the passwords of users. Passwords stand apart from users, so that no read of a user meets one. */
import type { Kysely } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

export async function createSessions(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  await db.schema
    .createTable('sessions')
    .addColumn('id', text, (column) => column.notNull().primaryKey())
    .addColumn('hash', text, (column) => column.notNull().unique())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('user_id', text, (column) => column.notNull())
    .addColumn('credential_hash', text)
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('source_ip', text)
    .addColumn('user_agent', text)
    .execute();
  await db.schema.createIndex('sessions_user').on('sessions').columns(['user_id', 'created_at_ms']).execute();
  await db.schema.createIndex('sessions_expiry').on('sessions').column('expires_at_ms').execute();
  await db.schema
    .createTable('user_passwords')
    .addColumn('user_id', text, (column) => column.notNull().primaryKey())
    .addColumn('hash', text, (column) => column.notNull())
    .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
