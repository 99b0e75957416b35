import type { Kysely } from 'kysely';
import { buildMigrations } from '../migrations/migrations.ts';
import { readSnapshot } from '../read-snapshot.ts';
import { createKnownRows, type KnownRows } from './known-rows.ts';

/**
 * What is in a database at this moment, for a run that writes nothing. Null: it has not this version's tables, so nothing
 * can be told from it. Throws database_unavailable.
 */
export async function lookAtKnown<T>(url: string, work: (known: KnownRows) => Promise<T>): Promise<T | null> {
  return readSnapshot(url, async (trx, dialect) => {
    const tables = await trx.introspection.getTables({ withInternalKyselyTables: true });
    if (!tables.some(({ name }) => name === 'kysely_migration')) return null;
    const db = trx as unknown as Kysely<Record<'kysely_migration', { name: string }>>;
    const applied = new Set((await db.selectFrom('kysely_migration').select('name').execute()).map(({ name }) => name));
    const missing = Object.keys(buildMigrations(dialect)).some((name) => !applied.has(name));
    return missing ? null : work(createKnownRows(trx));
  });
}
