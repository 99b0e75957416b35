import { hostname } from 'node:os';
import { formatIdentity, isKnownToBeGone, readOwnIdentity } from '../append-log/process-identity.ts';
import type { Config } from '../config/config.ts';
import type { AuditSeal } from '../core/audit-seal.ts';
import type { RedisBell } from '../counters/redis-bell.ts';
import { type OpenStorage, openStorage, type StorageLogger } from '../storage/open-storage.ts';
import { databasePasswordOf } from './database-url.ts';

export interface ConnectedStorage {
  storage: OpenStorage;
  /** Tells other processes of changes sooner than the database does; undefined without Redis. Closed after the storage. */
  bell: RedisBell | undefined;
}

/** The storage of a process that serves, as the configuration has it. Nothing is left open where it cannot be opened. */
export async function connectStorage(
  config: Config,
  own: { url: string; processId: string; auditSeal: AuditSeal; nowMs: () => number; logger: StorageLogger },
): Promise<ConnectedStorage> {
  const { url, processId, auditSeal, nowMs, logger } = own;
  const bell = await openBell(config);
  const storage = await openStorage({
    url,
    password: databasePasswordOf(config),
    nowMs,
    poolSize: config.general.databasePoolSize,
    // What the journal has put on disk is dropped there once the database has it.
    durable: config.general.journalFsync,
    logger,
    auditSeal,
    serving: {
      own: { id: processId, host: hostname(), pid: process.pid, identity: formatIdentity(readOwnIdentity()) },
      isGone: isKnownToBeGone,
      bell,
      maxStalenessMs: config.general.maxStalenessMs,
      outageGraceMs: config.general.databaseOutageGraceMs,
    },
    endUserBudgetId: config.general.maxEndUserBudgetId,
  }).catch((error: unknown) => {
    bell?.close();
    throw error;
  });
  return { storage, bell };
}

async function openBell({ redis, general }: Pick<Config, 'redis' | 'general'>): Promise<RedisBell | undefined> {
  if (redis === null) return undefined;
  const { createRedisBell } = await import('../counters/redis-bell.ts');
  return createRedisBell({ address: redis, prefix: general.redisKeyPrefix });
}
