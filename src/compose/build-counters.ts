import type { pino } from 'pino';
import type { Config } from '../config/config.ts';
import type { Counters, LoadBalances } from '../counters/counters.ts';
import { createMemoryCounters } from '../counters/memory-counters.ts';
import { createPostgresCounters } from '../counters/postgres-counters.ts';
import { createExecuteSql } from '../storage/execute-sql.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import { readRecentBalanceChanges } from '../storage/recent-balance-changes.ts';

/** Where what fills up is counted: in this process, or in the database that it shares with others. */
export function buildCounters(
  config: Pick<Config, 'general'>,
  parts: {
    storage: Pick<OpenStorage, 'dialect' | 'reads' | 'writes'>;
    loadBalances: LoadBalances;
    processId: string;
    logger: pino.Logger;
  },
): Counters {
  const { storage, loadBalances, processId, logger } = parts;
  if (config.general.counters !== 'postgres') return createMemoryCounters({ loadBalances });
  if (storage.dialect !== 'postgres') {
    throw new Error(
      'general_settings.counters is postgres, but the database is SQLite: give database_url, or leave it out.',
    );
  }
  return createPostgresCounters({
    execute: createExecuteSql(storage.writes),
    processId,
    loadBalances,
    recentChanges: () => readRecentBalanceChanges(storage.reads),
    onRefused: (error) => logger.error({ err: error }, 'The database refused a step of the counters'),
  });
}
