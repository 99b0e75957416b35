import { type Kysely, sql } from 'kysely';
import type { Database, DialectName } from './database.ts';

/** The schema in which tables are made and found. Null: on PostgreSQL there is none that the role may use. SQLite has but one. */
export async function findSchema(db: Kysely<Database>, dialect: DialectName): Promise<string | undefined | null> {
  if (dialect === 'sqlite') return undefined;
  const { rows } = await sql<{ name: string | null }>`select current_schema() as name`.execute(db);
  return rows[0]?.name ?? null;
}

/** Names of the tables in our own schema: other schemas of the database may have tables of the same names. */
export async function listTables(db: Kysely<Database>, dialect: DialectName): Promise<Set<string>> {
  const schema = await findSchema(db, dialect);
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  return new Set(tables.filter((table) => schema === undefined || table.schema === schema).map(({ name }) => name));
}
