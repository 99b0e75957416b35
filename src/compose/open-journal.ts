import { join } from 'node:path';
import type { pino } from 'pino';
import type { Config } from '../config/config.ts';
import type { BalanceDelta, SpendRecord } from '../core/spend-record.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { type OpenSharedJournal, openSharedJournal } from '../ledger/shared-journals.ts';
import type { OpenStorage } from '../storage/open-storage.ts';

/**
 * The ledger over this process's own journal. Processes on PostgreSQL may share a data directory; an embedded database
 * belongs to one process, and so does its data directory.
 */
export async function openJournal(
  config: Config,
  {
    storage,
    nowMs,
    logger,
    onRecovered,
    onUnsettled,
    onBalancesMoved,
  }: {
    storage: OpenStorage;
    nowMs: () => number;
    logger: pino.Logger;
    /** Bills of a process that has died are in the ledger now, and moved these counters' balances by so much. */
    onRecovered: (moved: ReadonlyMap<string, number>) => void;
    /** Calls that a process has died of are about to be billed. */
    onUnsettled: (bills: readonly SpendRecord[]) => Promise<void>;
    /** Told after each commit, where somebody wants to know. */
    onBalancesMoved?: ((deltas: readonly BalanceDelta[]) => void) | undefined;
  },
): Promise<OpenSharedJournal> {
  const { dataDir } = config.server;
  const options = {
    database: storage.writes,
    reads: storage.reads,
    dialect: storage.dialect,
    fsync: config.general.journalFsync,
    shipEveryMs: config.general.shipEveryMs,
    unsettled: config.general.unsettledCharge,
    nowMs,
    logger,
    onRecovered,
    onUnsettled,
    ...(onBalancesMoved === undefined ? {} : { onBalancesMoved }),
  };
  if (storage.dialect === 'postgres') return openSharedJournal({ ...options, dataDir });
  const alone = await openLedger({ ...options, directory: join(dataDir, 'journal') });
  return { ...alone, takeOver: async () => {} };
}
