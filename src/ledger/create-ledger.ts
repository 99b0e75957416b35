import type { DirectoryLock } from '../append-log/directory-lock.ts';
import { waitAtMost } from '../append-log/wait-at-most.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import type { Ledger, LedgerLogger } from './ledger.ts';
import type { LedgerParts } from './ledger-parts.ts';

/** The ledger as the rest of the gateway uses it, over its parts. `patienceMs`: how long closing waits for the database. */
export function createLedger(
  parts: LedgerParts,
  lock: DirectoryLock,
  { patienceMs, logger }: { patienceMs: number; logger: LedgerLogger },
): Ledger {
  const { journal, writer, mark, bills, shipper, readBalances } = parts;
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await journal.drain();
    journal.stop(new GatewayError('shutting_down', 'The gateway is shutting down.'));
    await waitAtMost(patienceMs, shipper.shipThrough(journal.acknowledgedEnd()));
    shipper.stop();
    writer.close();
    if (bills.count() > 0) logger.warn({ backlog: bills.count() }, 'Bills wait in the journal for the next start');
    else if (journal.openCalls() === 0) await journal.dropThrough(journal.acknowledgedEnd());
    mark.close();
    lock.release();
  }

  return {
    open(intent) {
      return journal.open(intent);
    },
    async flush() {
      await journal.drain();
      await shipper.shipThrough(journal.acknowledgedEnd());
    },
    settle(record) {
      if (!isBillable(record)) {
        return Promise.reject(new GatewayError('internal', 'The cost of this call could not be computed.'));
      }
      return journal.settle(record);
    },
    writeOut: journal.writeOut,
    balances: readBalances,
    backlog: bills.count,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Money that is no whole number would spoil every sum that it is added to. */
function isBillable({ spendNanoUsd, balances }: SpendRecord): boolean {
  return Number.isSafeInteger(spendNanoUsd) && balances.every(({ nanoUsd }) => Number.isSafeInteger(nanoUsd));
}
