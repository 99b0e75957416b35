/**
 * Kysely on a SQLite connection that lives in a thread of its own. Whoever writes holds the connection alone, from
 * `begin immediate` to `commit`; readers share theirs, statement by statement, and have no transactions.
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { databaseUnavailable } from './database-unavailable.ts';
import { createMutex } from './mutex.ts';
import { type SqliteThread, startSqliteThread } from './sqlite-thread.ts';

export interface SqliteConnectionOptions {
  /** A path, or ':memory:'. */
  file: string;
  /** `snapshot`: reads in transactions, each of which sees the database as it was at its first statement. */
  use: 'write' | 'read' | 'snapshot';
  /** A commit waits for the disk, so that a power failure takes nothing that was committed. */
  durable?: boolean;
  onStart?: Parameters<typeof startSqliteThread>[2];
}

const PRAGMAS = [
  // Waits in the thread, not on the event loop, for another process (the command line) to finish its transaction.
  'busy_timeout = 5000',
  // For a new file only. A commit writes a page for each key that has called: half as many when a page holds twice as much.
  'page_size = 8192',
  'journal_mode = wal',
  'synchronous = normal',
  'foreign_keys = on',
  'temp_store = memory',
  // 4 MB: what is read often is in the operating system's cache as well. Even among ten million calls a bill takes as long
  // with twice as much, for one page in thirty that it does not have to fetch from there.
  'cache_size = -4000',
  'journal_size_limit = 67108864',
];
/**
 * Readers look pages up where the operating system has them, as far as SQLite maps a file at all: its first 2 GB. A list of
 * a large fleet looks up a hundred thousand pages, and to copy each takes as long as all the rest.
 */
const READER_PRAGMAS = [...PRAGMAS, 'cache_size = -8000', 'query_only = on', 'mmap_size = 2147418112'];
/** Changes nothing about the file, not even how it keeps its log. */
const SNAPSHOT_PRAGMAS = ['busy_timeout = 5000', 'query_only = on', 'cache_size = -32000'];
const DURABLE_PRAGMAS = [...PRAGMAS, 'synchronous = full'];

export function createSqliteDialect(options: SqliteConnectionOptions): Dialect {
  return {
    createDriver: () => new ThreadDriver(options),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalDdlAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** SQLite does roll back `create table`, and `begin immediate` keeps a second process from migrating at the same time. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function choosePragmas({ use, durable = false }: SqliteConnectionOptions): readonly string[] {
  switch (use) {
    case 'write':
      return durable ? DURABLE_PRAGMAS : PRAGMAS;
    case 'read':
      return READER_PRAGMAS;
    case 'snapshot':
      return SNAPSHOT_PRAGMAS;
  }
}

class ThreadDriver implements Driver {
  readonly #options: SqliteConnectionOptions;
  readonly #mutex = createMutex();
  #thread: SqliteThread | undefined;
  #destroyed = false;

  constructor(options: SqliteConnectionOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    this.#thread = this.#start();
  }

  async acquireConnection(): Promise<ThreadConnection> {
    if (this.#options.use !== 'read') await this.#mutex.lock();
    if (this.#thread === undefined || !this.#thread.alive()) {
      // A file is opened again after a crash of its thread. What was in memory is gone for good.
      if (this.#destroyed || this.#options.file === ':memory:') {
        if (this.#options.use !== 'read') this.#mutex.unlock();
        throw databaseUnavailable();
      }
      this.#thread = this.#start();
    }
    return new ThreadConnection(this.#thread);
  }

  async releaseConnection(): Promise<void> {
    if (this.#options.use !== 'read') this.#mutex.unlock();
  }

  async beginTransaction(connection: ThreadConnection): Promise<void> {
    if (this.#options.use === 'read') throw new Error('Transactions belong to the connection that writes.');
    await connection.executeQuery(CompiledQuery.raw(this.#options.use === 'write' ? 'begin immediate' : 'begin'));
  }

  async commitTransaction(connection: ThreadConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  /** SQLite has already rolled back by itself after some failures, and a dead thread has nothing to roll back. */
  async rollbackTransaction(connection: ThreadConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => undefined);
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    await this.#thread?.close();
  }

  #start(): SqliteThread {
    const { file, onStart } = this.#options;
    return startSqliteThread(file, choosePragmas(this.#options), onStart);
  }
}

/** Bound to one thread: after its death nothing of a half-done transaction can slip into the next thread. */
class ThreadConnection implements DatabaseConnection {
  readonly #thread: SqliteThread;

  constructor(thread: SqliteThread) {
    this.#thread = thread;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.#thread.execute(query.sql, query.parameters);
    return { rows: rows as R[], numAffectedRows: BigInt(changes) };
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for the method; large results are read page by page instead.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('Large results are read page by page.');
  }
}
