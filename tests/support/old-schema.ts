// A database as an earlier version left it: some of the migrations, and a call that was billed then.

import { Migrator, sql } from 'kysely';
import { type Connection, openConnection } from '../../src/storage/connection.ts';
import { buildMigrations } from '../../src/storage/migrations/migrations.ts';

/** What a PostgreSQL database is brought to, in order. */
export const ALL_MIGRATIONS = Object.keys(buildMigrations('postgres'));
/** From before calls had tables for each day, audit rows a chain and keys their lists. */
export const OLD_SCHEMA = '0010-spend-records';

export async function migrateTo({ writes: db }: Connection, name: string): Promise<void> {
  const migrations = buildMigrations('postgres');
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateTo(name);
  if (error !== undefined) throw error;
}

export async function insertCall({ writes: db }: Connection, id: string): Promise<void> {
  await sql`insert into spend_logs (request_id, status, started_at_ms, key_hash, model, spend_nano_usd, record)
    values (${id}, 'success', 1, 'h', 'm', 0, '[]')`.execute(db);
}

export async function hasCall({ writes: db }: Connection, id: string): Promise<boolean> {
  const { rows } = await sql`select 1 from spend_logs where request_id = ${id}`.execute(db);
  return rows.length === 1;
}

/** Names of the migrations that the database has had. */
export async function listMigrations({ writes: db }: Connection): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

export function openTestConnection(url: string): Connection {
  return openConnection({ url, poolSize: 1, queryTimeoutMs: 0 });
}
