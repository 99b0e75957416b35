import { Migrator, sql } from 'kysely';
import type { AuditSeal } from '../core/audit-seal.ts';
import { type Connection, openConnection } from './connection.ts';
import { findSchema, listTables } from './list-tables.ts';
import { buildMigrations } from './migrations/migrations.ts';
import type { PasswordSource } from './password-command.ts';

export interface MigrationReport {
  /** Names of the migrations carried out now, in order. */
  applied: string[];
  /** Names in the database that this version does not know: a newer version has been here. Nothing is done then. */
  unknown: string[];
}

const NO_SCHEMA =
  'The database has no schema for the tables: the one that the address names (schema, or search_path in options) does not ' +
  'exist, or the role may not use it. Make it first: create schema NAME authorization ROLE.';

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Brings a database to the present schema, all of it or nothing, one process at a time (an advisory lock on PostgreSQL,
 * the write lock on SQLite). Throws database_unavailable when it cannot be reached, and says what to grant where the role may
 * not make or change tables. `seal`: see buildMigrations.
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
  connection: Connection,
  seal: AuditSeal | null = null,
): Promise<MigrationReport> {
  const { dialect, writes: db } = connection;
  const schema = await findSchema(db, dialect);
  if (schema === null) throw new Error(NO_SCHEMA);
  const migrations = buildMigrations(dialect, seal);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    // Else one that other software keeps in another schema would be taken for ours.
    ...(schema !== undefined && { migrationTableSchema: schema }),
    // Two migrations carry the clock's time; a clock that went backwards must not make the list look damaged.
    allowUnorderedMigrations: true,
  });
  const unknown = (await listApplied(connection)).filter((name) => !(name in migrations));
  if (unknown.length > 0) return { applied: [], unknown };
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) throw await explainRefusal(connection, schema, error);
  return { applied: (results ?? []).map((result) => result.migrationName), unknown: [] };
}

/** Since PostgreSQL 15 a role that owns nothing may make nothing in `public`, of which the server says little. */
async function explainRefusal(
  { writes: db }: Connection,
  schema: string | undefined,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof Error) || !('code' in error) || error.code !== INSUFFICIENT_PRIVILEGE) return error;
  const { rows } = await sql<{ role: string; name: string }>`
    select quote_ident(current_user) as role, quote_ident(${schema}) as name`.execute(db);
  const [{ role, name } = { role: 'ROLE', name: 'SCHEMA' }] = rows;
  return new Error(
    `The database does not let the role ${role} make or change tables in the schema ${name} (${error.message}). ` +
      `Grant it: grant usage, create on schema ${name} to ${role}. Tables that are there already must belong to it.`,
    { cause: error },
  );
}

async function listApplied({ dialect, writes: db }: Connection): Promise<string[]> {
  if (!(await listTables(db, dialect)).has('kysely_migration')) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map((row) => row.name);
}
