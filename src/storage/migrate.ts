import { Migrator, sql } from 'kysely';
import type { AuditSeal } from '../core/audit-seal.ts';
import { type Connection, openConnection } from './connection.ts';
import { buildMigrations } from './migrations/migrations.ts';
import type { PasswordSource } from './password-command.ts';

export interface MigrationReport {
  /** Names of the migrations carried out now, in order. */
  applied: string[];
  /** Names in the database that this version does not know: a newer version has been here. Nothing is done then. */
  unknown: string[];
}

/**
 * Brings a database to the present schema, all of it or nothing, one process at a time (an advisory lock on PostgreSQL,
 * the write lock on SQLite). Throws database_unavailable when it cannot be reached. `seal`: see buildMigrations.
 */
export async function migrate(
  url: string,
  seal: AuditSeal | null = null,
  password?: PasswordSource,
): Promise<MigrationReport> {
  const connection = openConnection({ url, password, poolSize: 1, queryTimeoutMs: 0 });
  try {
    return await migrateConnection(connection, seal);
  } finally {
    await connection.close();
  }
}

/** The same on a connection that is open already, as in-memory databases need it. */
export async function migrateConnection(
  { dialect, writes: db }: Connection,
  seal: AuditSeal | null = null,
): Promise<MigrationReport> {
  const migrations = buildMigrations(dialect, seal);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    // Two migrations carry the clock's time; a clock that went backwards must not make the list look damaged.
    allowUnorderedMigrations: true,
  });
  const unknown = (await listApplied(db)).filter((name) => !(name in migrations));
  if (unknown.length > 0) return { applied: [], unknown };
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return { applied: (results ?? []).map((result) => result.migrationName), unknown: [] };
}

async function listApplied(db: Connection['writes']): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map((row) => row.name);
}
