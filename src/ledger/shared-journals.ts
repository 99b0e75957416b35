/**
 * Several processes may share a data directory: each takes the first journal that nobody uses. Whoever starts after one
 * has died so takes over what it left, and the others look for such journals from time to time, so that no bill waits
 * for a process that does not come back.
 */
import { DirectoryInUse } from '../append-log/directory-lock.ts';
import { journalDirectory, listUsedJournals } from './journal-directories.ts';
import type { Ledger, LedgerLogger, LedgerRecovery } from './ledger.ts';
import { type LedgerOptions, openLedger } from './open-ledger.ts';

export interface SharedJournalsOptions<Tables> extends Omit<LedgerOptions<Tables>, 'directory'> {
  /** Where the journals are. */
  dataDir: string;
  logger: LedgerLogger;
}

export interface OpenSharedJournal {
  ledger: Ledger;
  recovery: LedgerRecovery;
  /** Recovers what processes that have died left in the other journals. For a timer. */
  takeOver(): Promise<void>;
}

/** More processes than anybody runs on one directory. */
const MAX_PROCESSES = 1_000;

/** Throws when no journal can be written. */
export async function openSharedJournal<Tables>(options: SharedJournalsOptions<Tables>): Promise<OpenSharedJournal> {
  const { dataDir, logger } = options;
  for (let number = 1; number <= MAX_PROCESSES; number += 1) {
    const directory = journalDirectory(dataDir, number);
    const opened = await openUnlessInUse({ ...options, directory });
    if (opened === undefined) continue;
    return {
      ...opened,
      async takeOver() {
        for (const other of listUsedJournals(dataDir)) {
          if (other === directory) continue;
          const left = await openUnlessInUse({ ...options, directory: other });
          if (left === undefined) continue;
          await left.ledger.close();
          logger.info({ directory: other, ...left.recovery }, 'Took over the journal of a process that has ended');
        }
      },
    };
  }
  throw new Error(`More than ${MAX_PROCESSES} processes use ${dataDir}.`);
}

async function openUnlessInUse<Tables>(
  options: LedgerOptions<Tables>,
): Promise<{ ledger: Ledger; recovery: LedgerRecovery } | undefined> {
  try {
    return await openLedger(options);
  } catch (error) {
    if (error instanceof DirectoryInUse) return undefined;
    throw error;
  }
}
