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
import { translatePostgresFailure, wasCut } from './postgres-failure.ts';

/** What may be sent again where nobody knows whether it was carried out: readings, and what only begins. */
const REPEATABLE = /^\s*(select|begin)\b/i;
const MOST_STALE = 3;

/** `beforeAsking`: see ConnectionOptions.beforeReading. */
export function createPostgresDialect(
  pool: pg.Pool,
  beforeAsking: () => Promise<void> | undefined = () => undefined,
): Dialect {
  return {
    createDriver: () => new PoolDriver(pool, beforeAsking),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

class PoolDriver implements Driver {
  readonly #pool: pg.Pool;
  readonly #beforeAsking: () => Promise<void> | undefined;

  constructor(pool: pg.Pool, beforeAsking: () => Promise<void> | undefined) {
    this.#pool = pool;
    this.#beforeAsking = beforeAsking;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PoolConnection> {
    await this.#beforeAsking();
    try {
      return new PoolConnection(this.#pool, await this.#pool.connect());
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
  readonly #pool: pg.Pool;
  #client: pg.PoolClient;
  #usable = true;
  /** Nothing has been asked of it since it left the pool. */
  #untried = true;
  /** It went back to the pool, and there was no other. */
  #released = false;

  constructor(pool: pg.Pool, client: pg.PoolClient) {
    this.#pool = pool;
    this.#client = client;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { command, rowCount, rows } = await this.#client.query(query.sql, [...query.parameters]);
        this.#untried = false;
        return command === 'SELECT' ? { rows } : { rows, numAffectedRows: BigInt(rowCount ?? 0) };
      } catch (error) {
        // It was cut while it lay in the pool, and nobody had noticed: another one will do.
        const stale = this.#untried && attempt <= MOST_STALE && REPEATABLE.test(query.sql) && wasCut(error);
        const failure = translatePostgresFailure(error);
        if (isConnectionLost(failure)) this.#usable = false;
        if (!stale) throw failure;
        await this.#replace();
      }
    }
  }

  async #replace(): Promise<void> {
    this.#client.release(true);
    this.#released = true;
    try {
      this.#client = await this.#pool.connect();
      this.#released = false;
      this.#usable = true;
    } catch (error) {
      throw translatePostgresFailure(error);
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
    if (!this.#released) this.#client.release(!this.#usable);
  }
}
