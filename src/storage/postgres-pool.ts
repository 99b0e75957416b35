import pg from 'pg';
import type { PasswordSource } from './password-command.ts';
import { toNodePostgres } from './postgres-address.ts';

export interface PostgresPoolOptions {
  url: string;
  /** Asked with every new connection; absent: the address has it, or none is needed. */
  password?: PasswordSource | undefined;
  poolSize: number;
  /**
   * The longest that a statement may take as seen from here; 0 = no limit (migrations). The server ends it soon afterwards, so
   * that what nobody waits for any more does not go on there.
   */
  queryTimeoutMs: number;
  /** Told of connections that break while nobody uses them. */
  onConnectionError: (error: Error) => void;
  /** Every connection listens to this channel before it is used. */
  listen?: { channel: string; onNotification: () => void };
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 60_000;
const SERVER_GRACE_MS = 1_000;
const INT8 = 20;

/** A pool with a hard maximum, whose broken connections never end the process. bigint columns are read as numbers. */
export function createPostgresPool(options: PostgresPoolOptions): pg.Pool {
  const connectionString = toNodePostgres(options.url);
  // Certificates that the address names and that are not there: said now, or they would pass for a server that is away.
  void new pg.Client({ connectionString });
  const pool = new pg.Pool({
    connectionString,
    ...(options.password && { Client: loggingInWith(options.password) }),
    max: options.poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    query_timeout: options.queryTimeoutMs,
    keepAlive: true,
    application_name: 'latchkey',
    verify: prepareSession(options),
    types: {
      getTypeParser: ((id: number, format?: 'text' | 'binary') =>
        id === INT8 ? Number : pg.types.getTypeParser(id, format)) as typeof pg.types.getTypeParser,
    },
  });
  // Without a listener on both, a connection that breaks ends the process. The pool repeats what its clients say.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', options.onConnectionError));
  return pool;
}

/** What the address says of a password would come before the setting, so it is put in its place afterwards. */
function loggingInWith(password: PasswordSource): typeof pg.Client {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      Object.defineProperty(this, 'password', {
        value: password,
        writable: true,
        enumerable: false,
        configurable: true,
      });
    }
  };
}

/** Runs on each connection before it is used. */
function prepareSession({ queryTimeoutMs, listen }: PostgresPoolOptions) {
  return (client: pg.PoolClient, done: (error?: Error) => void): void => {
    prepare(client).then(() => done(), done);
  };

  async function prepare(client: pg.PoolClient): Promise<void> {
    if (queryTimeoutMs > 0) {
      // Later than here, where more is known of what a statement that was late means.
      const limit = String(queryTimeoutMs + SERVER_GRACE_MS);
      await client.query("select set_config('statement_timeout', $1, false)", [limit]);
    }
    if (listen === undefined) return;
    client.on('notification', listen.onNotification);
    await client.query(`listen ${client.escapeIdentifier(listen.channel)}`);
  }
}
