import { mkdirSync } from 'node:fs';
import { lockDirectory } from '../append-log/directory-lock.ts';
import { waitAtMost } from '../append-log/wait-at-most.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { createLedger } from './create-ledger.ts';
import type { Ledger, LedgerRecovery } from './ledger.ts';
import { addBalances, type LedgerOptions, type LedgerParts, openLedgerParts } from './ledger-parts.ts';
import { buildUnsettledRecord } from './unsettled-record.ts';

export type { LedgerOptions } from './ledger-parts.ts';

const PATIENCE_MS = 5000;

/**
 * Opens the journal in `directory`, recovers what an earlier process left there, and keeps shipping to the database.
 *
 * Recovered means: its bills are shipped, and calls that it left in flight have a bill of status `unsettled`. With the
 * database down this resolves after `patienceMs` all the same; the bills are then safe in the journal and wait.
 * Throws when another live process uses the directory or the journal cannot be written.
 */
export async function openLedger<Tables>(
  options: LedgerOptions<Tables>,
): Promise<{ ledger: Ledger; recovery: LedgerRecovery }> {
  const { directory, logger } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let parts: LedgerParts | undefined;
  const lock = await lockDirectory({
    directory,
    nowMs: options.nowMs,
    onLost: () => {
      parts?.shipper.stop();
      parts?.journal.stop(new GatewayError('shutting_down', 'The gateway is shutting down.'));
      logger.error({ directory }, 'Another process has taken over the journal; this one records no more calls');
    },
  });
  try {
    parts = openLedgerParts(options);
    const ledger = createLedger(parts, lock, { patienceMs: options.patienceMs ?? PATIENCE_MS, logger });
    return { ledger, recovery: await recover(parts, options) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Gives calls that were left in flight a bill, and ships everything if the database lets it. */
async function recover<Tables>(parts: LedgerParts, options: LedgerOptions<Tables>): Promise<LedgerRecovery> {
  const { journal, bills, shipper, leftovers, recovery, recoveredBalances } = parts;
  const { unsettled = 'hold', patienceMs = PATIENCE_MS, nowMs } = options;
  const left = leftovers.unsettled.map((intent) => buildUnsettledRecord(intent, unsettled, nowMs()));
  if (left.length > 0) await options.onUnsettled?.(left);
  await Promise.all(
    left.map((record) => {
      addBalances(recoveredBalances, record);
      return journal.settle(record);
    }),
  );
  recovery.unsettled = left.length;
  shipper.wake();
  await waitAtMost(patienceMs, shipper.shipThrough(journal.acknowledgedEnd()));
  if (recoveredBalances.size > 0) options.onRecovered?.(recoveredBalances);
  return { ...recovery, pending: bills.count() };
}
