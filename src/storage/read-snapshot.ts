import { Kysely, sql, type Transaction } from 'kysely';
import type { Database, DialectName } from './database.ts';
import { parseDatabaseAddress } from './database-address.ts';
import type { PasswordSource } from './password-command.ts';
import { createPostgresDialect } from './postgres-dialect.ts';
import { createPostgresPool } from './postgres-pool.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';

/**
 * Reads a database as it is at one moment, beside whoever else uses it or all alone, and writes nothing: no tables are made
 * or brought up to date. Nobody waits for it. Throws database_unavailable when it cannot be reached.
 */
export async function readSnapshot<T>(
  url: string,
  work: (trx: Transaction<Database>, dialect: DialectName) => Promise<T>,
  password?: PasswordSource,
): Promise<T> {
  const address = parseDatabaseAddress(url);
  const dialect =
    address.dialect === 'sqlite'
      ? createSqliteDialect({ file: address.file, use: 'snapshot' })
      : createPostgresDialect(
          createPostgresPool({
            url: address.url,
            password,
            poolSize: 1,
            queryTimeoutMs: 0,
            onConnectionError: () => undefined,
          }),
        );
  const db = new Kysely<Database>({ dialect });
  try {
    return await db.transaction().execute(async (trx) => {
      if (address.dialect === 'postgres') {
        await sql`set transaction isolation level repeatable read, read only`.execute(trx);
      }
      return work(trx, address.dialect);
    });
  } finally {
    await db.destroy();
  }
}
