import type { pino } from 'pino';
import type { Config } from '../config/config.ts';
import { createCallExpiry } from '../jobs/expire-calls.ts';
import { addDays, dropDays } from '../ledger/day-partitions.ts';
import { expireCalls } from '../ledger/expire-calls.ts';
import type { OpenStorage } from '../storage/open-storage.ts';

/** How long the rows of calls are kept, and on PostgreSQL the table of each day, for jobs. */
export function buildCallRetention(parts: {
  storage: Pick<OpenStorage, 'writes' | 'dialect'>;
  retention: () => Config['general']['callRetention'];
  nowMs: () => number;
  logger: pino.Logger;
}): { addDays: () => Promise<void>; expireCalls: () => Promise<void> } {
  const { storage, retention, nowMs, logger } = parts;
  const { writes, dialect } = storage;
  return {
    addDays: async () => {
      if (dialect === 'postgres') await addDays(writes, nowMs());
    },
    expireCalls: createCallExpiry({
      expire: (bounds) => expireCalls(writes, dialect, bounds),
      dropDays: async (beforeMs) => (dialect === 'postgres' ? dropDays(writes, beforeMs) : 0),
      retention,
      nowMs,
      onExpired: (rows, beforeMs) =>
        logger.info({ rows, before: new Date(beforeMs).toISOString() }, 'Rows of calls past their retention are gone'),
    }),
  };
}
