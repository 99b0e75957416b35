import type { Kysely, Transaction } from 'kysely';
import type { Database, DialectName } from '../database.ts';
import { listTables } from '../list-tables.ts';
import { buildMigrations } from '../migrations/migrations.ts';
import type { PasswordSource } from '../password-command.ts';
import { readSnapshot } from '../read-snapshot.ts';
import { createKnownRows, type KnownRows } from './known-rows.ts';

/**
 * Reads a database of this version as it is at one moment, and writes nothing. Null: it has not this version's tables, so
 * nothing can be told from it. Throws database_unavailable.
 */
export async function readPresent<T>(
  url: string,
  work: (db: Kysely<Database>) => Promise<T>,
  password?: PasswordSource,
): Promise<T | null> {
  const present = async (trx: Transaction<Database>, dialect: DialectName) => {
    if (!(await listTables(trx, dialect)).has('kysely_migration')) return null;
    const db = trx as unknown as Kysely<Record<'kysely_migration', { name: string }>>;
    const applied = new Set((await db.selectFrom('kysely_migration').select('name').execute()).map(({ name }) => name));
    const missing = Object.keys(buildMigrations(dialect)).some((name) => !applied.has(name));
    return missing ? null : work(trx);
  };
  return readSnapshot(url, present, password);
}

/** For a run that writes nothing: what anything could run into. */
export async function lookAtKnown<T>(
  url: string,
  work: (known: KnownRows) => Promise<T>,
  password?: PasswordSource,
): Promise<T | null> {
  return readPresent(url, (db) => work(createKnownRows(db)), password);
}
