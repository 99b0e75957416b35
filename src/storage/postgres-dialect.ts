/**
 * Kysely on a pg pool. Failures are translated here and nowhere else, and a connection that failed in a way that leaves
 * its state unknown is closed instead of going back to the pool.
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type pg from 'pg';
import { isConnectionLost } from './database-unavailable.ts';
import { translatePostgresFailure } from './postgres-failure.ts';

export function createPostgresDialect(pool: pg.Pool): Dialect {
  return {
    createDriver: () => new PoolDriver(pool),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

class PoolDriver implements Driver {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PoolConnection> {
    try {
      return new PoolConnection(await this.#pool.connect());
    } catch (error) {
      throw translatePostgresFailure(error);
    }
  }

  async beginTransaction(connection: PoolConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'));
  }

  async commitTransaction(connection: PoolConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  /** The error that led here is the one worth telling; a connection that cannot roll back is given up. */
  async rollbackTransaction(connection: PoolConnection): Promise<void> {
    await connection.rollback();
  }

  async releaseConnection(connection: PoolConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {
    await this.#pool.end();
  }
}

class PoolConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient;
  #usable = true;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { command, rowCount, rows } = await this.#client.query(query.sql, [...query.parameters]);
      return command === 'SELECT' ? { rows } : { rows, numAffectedRows: BigInt(rowCount ?? 0) };
    } catch (error) {
      const failure = translatePostgresFailure(error);
      if (isConnectionLost(failure)) this.#usable = false;
      throw failure;
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for the method; large results are read page by page instead.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('Large results are read page by page.');
  }

  async rollback(): Promise<void> {
    if (!this.#usable) return;
    await this.executeQuery(CompiledQuery.raw('rollback')).catch(() => {
      this.#usable = false;
    });
  }

  release(): void {
    this.#client.release(!this.#usable);
  }
}
