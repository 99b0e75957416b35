import { type Kysely, sql } from 'kysely';
import type { AuditSeal } from '../core/audit-seal.ts';
import { createAlertStore } from './alerts/alert-store.ts';
import { createAuditAppender } from './audit/append-audit.ts';
import { createAuditStore } from './audit/audit-store.ts';
import { createChangeFeed, type PublishingFeed } from './change-feed.ts';
import { type Connection, openConnection } from './connection.ts';
import type { Database, DialectName } from './database.ts';
import { databaseUnavailable } from './database-unavailable.ts';
import {
  type ChangeBell,
  followNobody,
  followOthers,
  type Others,
  openSideConnection,
  type ServingOptions,
} from './follow-others.ts';
import { createKeyCache, type KeyCacheOptions } from './key-cache.ts';
import { createKeyStore } from './keys/key-store.ts';
import { migrate, migrateConnection } from './migrate.ts';
import { createOwnerCache } from './owners/owner-cache.ts';
import { createOwnerReaders } from './owners/owner-readers.ts';
import { createTransact } from './owners/transact.ts';
import type { PasswordSource } from './password-command.ts';
import { prune } from './prune.ts';
import { createSealedStore, type SealedStore } from './sealed/sealed-store.ts';
import { createSessionCache } from './sessions/session-cache.ts';
import { createSessionStore } from './sessions/session-store.ts';
import { createSettingStore } from './setting-store.ts';
import { createSpendReader } from './spend-reader.ts';
import type { Storage } from './storage.ts';
import { createUsageReader } from './usage-reader.ts';
import { whenReachable } from './when-reachable.ts';
import { createWriter } from './writer.ts';

/** What storage says to whoever runs the process; pino's logger fits. */
export interface StorageLogger {
  warn(details: object, message: string): void;
}

export interface StorageOptions {
  /** `sqlite:///path`, a path, `:memory:`, or `postgres://…`. */
  url: string;
  /** PostgreSQL: asked with every new connection. */
  password?: PasswordSource | undefined;
  nowMs: () => number;
  /** SQLite: a commit survives a power failure, too, and not only the end of the process. */
  durable?: boolean;
  /** The most connections to PostgreSQL. */
  poolSize: number;
  logger?: StorageLogger;
  /** Vouches for the rows of the audit log; without it they are chained by hashes that anybody could compute. */
  auditSeal?: AuditSeal;
  keyCache?: Pick<KeyCacheOptions, 'size' | 'unknownTtlMs' | 'maxLoads' | 'maxWaiting'>;
  /** The budget row of end users that name none themselves. */
  endUserBudgetId?: string | null;
  /** PostgreSQL: the longest that a statement may take. */
  queryTimeoutMs?: number;
  /** This process serves, on PostgreSQL beside others. Absent: it only works on the database. */
  serving?: ServingOptions;
}

/** Storage, and the connections below it for the ledger, which brings its own SQL. */
export interface OpenStorage extends Storage, Others {
  dialect: DialectName;
  /** Transactions and writes. On SQLite one at a time. */
  writes: Kysely<Database>;
  /** Single reading statements, never behind a transaction (except in memory, where there is only one connection). */
  reads: Kysely<Database>;
  sealed: SealedStore;
  /** Deletes what nobody can need any more; for a job, every hour or so. */
  prune(): Promise<void>;
}

const QUERY_TIMEOUT_MS = 30_000;
const ONE_BREAK_MS = 10_000;

/**
 * Opens the database and brings its schema up to date. Throws database_unavailable when it cannot be reached. A database
 * that a newer version has migrated is used as it is, with a warning.
 */
export async function openStorage(options: StorageOptions): Promise<OpenStorage> {
  const { url, poolSize, logger, durable = false, queryTimeoutMs = QUERY_TIMEOUT_MS } = options;
  const onConnectionError = reportTo(logger);
  const outage: Outage = { isCutOff: () => false };
  const connection = openConnection({
    url,
    password: options.password,
    poolSize,
    queryTimeoutMs,
    durable,
    onConnectionError,
    beforeReading: () => whenReachable(outage.isCutOff),
  });
  try {
    return await buildStorage(connection, options, { onConnectionError, outage });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Whether the database is known not to answer: nobody knows before there is somebody who looks. */
interface Outage {
  isCutOff(): boolean;
}

async function buildStorage(
  connection: Connection,
  options: StorageOptions,
  { onConnectionError, outage }: { onConnectionError: (error: Error) => void; outage: Outage },
): Promise<OpenStorage> {
  const { dialect, writes, reads } = connection;
  const { url, password, nowMs, logger, auditSeal: seal = null } = options;
  // Migrations may take their time, so on PostgreSQL they get a connection without a time limit.
  const { unknown } =
    dialect === 'postgres' ? await migrate(url, seal, password) : await migrateConnection(connection, seal);
  if (unknown.length > 0) {
    const message =
      'The database was migrated by a newer version of Latchkey; this version may not understand all of it.';
    logger?.warn({ migrations: unknown }, message);
  }

  const { serving } = options;
  const side =
    dialect === 'postgres' && serving !== undefined
      ? openSideConnection(url, {
          password,
          queryTimeoutMs: serving.maxStalenessMs,
          onConnectionError,
        })
      : null;
  const feed = announceBy(serving?.bell, createChangeFeed({ reads: side?.db ?? reads, nowMs }));
  const log = createAuditAppender(seal, (finding) => {
    logger?.warn({ finding }, 'The audit log did not end as it should have. Run `latchkey audit verify`.');
  });
  const write = createWriter({
    writes,
    dialect,
    feed,
    log,
    nowMs,
    beforeWriting: () => whenReachable(outage.isCutOff),
  });
  const keys = createKeyStore({ reads, writes, dialect, write, nowMs });
  const { freshness, processes } =
    side === null || serving === undefined
      ? followNobody(feed, serving?.own ?? NOBODY)
      : followOthers(serving, {
          side,
          feed,
          write,
          onCutOff: (cutOff, cause) =>
            logger?.warn(cutOff ? { reason: reasonOf(cause) } : {}, cutOff ? CUT_OFF : 'The database answers again.'),
        });
  outage.isCutOff = freshness.isCutOff;
  const keyCache = createKeyCache({
    // Known not to be answered: whoever asks need not wait for that.
    load: async (hash) => {
      if (freshness.isCutOff()) throw databaseUnavailable();
      return keys.findBySecretHash(hash);
    },
    nowMs,
    ...options.keyCache,
  });
  const owners = createOwnerReaders(reads);
  const ownerCache = createOwnerCache(owners, options.endUserBudgetId);
  const sessionCache = createSessionCache(reads, writes);
  for (const cache of [keyCache, ownerCache, sessionCache]) {
    feed.subscribe(cache.evict);
    feed.onLost(cache.clear);
  }
  await feed.start().catch(async (error: unknown) => {
    await side?.close();
    throw error;
  });

  return {
    dialect,
    writes,
    reads,
    keys,
    keyCache,
    owners,
    ownerCache,
    transact: createTransact(write),
    audit: createAuditStore(reads, dialect, write),
    spend: createSpendReader(reads, dialect),
    usage: createUsageReader(reads, dialect),
    settings: createSettingStore(reads, write),
    sealed: createSealedStore(reads, write),
    sessions: createSessionStore(reads),
    sessionCache,
    changes: feed,
    alerts: createAlertStore({ reads, writes, write, nowMs }),
    async ping() {
      if (freshness.isCutOff()) throw databaseUnavailable();
      await sql`select 1`.execute(reads);
    },
    freshness,
    processes,
    prune: () => prune(writes, nowMs()),
    async close() {
      await side?.close();
      await connection.close();
    },
  };
}

/** Own changes are told to the others as soon as they are committed. */
function announceBy(bell: ChangeBell | undefined, feed: PublishingFeed): PublishingFeed {
  if (bell === undefined) return feed;
  return {
    ...feed,
    publish(events) {
      feed.publish(events);
      bell.ring();
    },
  };
}

const NOBODY = { id: '', host: '', pid: process.pid, identity: '' };
const CUT_OFF = 'The database does not answer. Known keys go on for a while; everything else is refused.';

/** In the database's words, or the network's. */
function reasonOf(failure: unknown): string {
  const { cause } = failure instanceof Error ? failure : { cause: undefined };
  return cause instanceof Error ? cause.message : 'no answer in time';
}

/** What breaks one connection mostly breaks all of them in the same moment: that is said once. */
function reportTo(logger: StorageLogger | undefined): (error: Error) => void {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - saidAtMs < ONE_BREAK_MS) return;
    saidAtMs = performance.now();
    logger?.warn({ err: error }, 'A database connection broke.');
  };
}
