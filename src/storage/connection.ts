/**
 * Opens a database: two Kysely instances, one for whoever writes and one for readers, over whatever the address names.
 * On SQLite these are two threads on one file (a single one in memory); on PostgreSQL both use the same pool.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely } from 'kysely';
import type { Database, DialectName } from './database.ts';
import { parseDatabaseAddress } from './database-address.ts';
import type { PasswordSource } from './password-command.ts';
import { createPostgresDialect } from './postgres-dialect.ts';
import { createPostgresPool } from './postgres-pool.ts';
import { createSqliteDialect, type SqliteConnectionOptions } from './sqlite-dialect.ts';

export interface ConnectionOptions {
  url: string;
  /** PostgreSQL: asked with every new connection. */
  password?: PasswordSource | undefined;
  /** PostgreSQL: the most connections that this process opens. */
  poolSize: number;
  /** PostgreSQL: the longest that a statement may take; 0 = no limit. */
  queryTimeoutMs: number;
  onConnectionError?: (error: Error) => void;
  /** PostgreSQL: asked before a reader gets a connection; what it rejects with, the reader is told. */
  beforeReading?: () => Promise<void> | undefined;
  /** SQLite: commits wait for the disk. PostgreSQL has its own settings for that. */
  durable?: boolean;
  /** SQLite: told of every thread that is started. */
  onThread?: SqliteConnectionOptions['onStart'];
}

export interface Connection {
  dialect: DialectName;
  writes: Kysely<Database>;
  reads: Kysely<Database>;
  close(): Promise<void>;
}

/** Does not wait for the database to answer: a connection is made with the first statement. */
export function openConnection(options: ConnectionOptions): Connection {
  const address = parseDatabaseAddress(options.url);
  if (address.dialect === 'sqlite') return openSqlite(address.file, options);
  const pool = createPostgresPool({
    url: address.url,
    password: options.password,
    poolSize: options.poolSize,
    queryTimeoutMs: options.queryTimeoutMs,
    onConnectionError: options.onConnectionError ?? (() => undefined),
  });
  return {
    dialect: 'postgres',
    writes: new Kysely<Database>({ dialect: createPostgresDialect(pool) }),
    reads: new Kysely<Database>({ dialect: createPostgresDialect(pool, options.beforeReading) }),
    close: () => pool.end(),
  };
}

function openSqlite(file: string, { durable = false, onThread: onStart }: ConnectionOptions): Connection {
  if (file !== ':memory:') createPrivateFile(file);
  const connect = (use: 'write' | 'read') =>
    new Kysely<Database>({ dialect: createSqliteDialect({ file, use, durable, ...(onStart && { onStart }) }) });
  const writes = connect('write');
  const reads = file === ':memory:' ? writes : connect('read');
  return {
    dialect: 'sqlite',
    writes,
    reads,
    async close() {
      // The writer goes last: the last connection that closes tidies up the write-ahead log.
      if (reads !== writes) await reads.destroy();
      await writes.destroy();
    },
  };
}

/** Hashes and prompts are nobody else's business, so a new file is readable by its owner only. */
function createPrivateFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
}
