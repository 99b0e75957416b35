/**
 * The bill. A journal local to this process survives `kill -9`; the database is the ledger proper, to which journal
 * records are shipped in batches, each exactly once however often it is replayed.
 *
 * open → the record is on its way to the upstream; settle → the bill, journalled before the last byte leaves.
 * Both resolve once the record is in the operating system's hands (and on disk, where `fsync` is on).
 */
import type { CallIntent, SpendRecord } from '../core/spend-record.ts';

/** What becomes of a call that was in flight when the process died. */
export type UnsettledPolicy = 'hold' | 'zero';

export interface LedgerRecovery {
  /** Settled records that the previous process had not shipped. */
  shipped: number;
  /** Calls that never settled and are now visible as `unsettled` rows. */
  unsettled: number;
  /** Records still waiting in the journal, because the database did not answer in time. */
  pending: number;
  /** Journal lines that could not be read; they are in the journal's quarantine file. */
  unreadable: number;
}

/** Where the ledger reports what an operator should know; pino's shape. */
export interface LedgerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Ledger {
  open(intent: CallIntent): Promise<void>;
  settle(record: SpendRecord): Promise<void>;
  /** Writes to the journal now what this turn of the event loop has handed in: for what must not be written before it. */
  writeOut(): void;
  /** Budget counter → nano-dollars: shipped and journalled together. Absent = 0. */
  balances(counterIds: readonly string[]): Promise<Map<string, number>>;
  /** Ships what is journalled; resolves once it is committed. Throws database_unavailable if it cannot be. */
  flush(): Promise<void>;
  /** Settled records not yet in the database. */
  backlog(): number;
  /** Ships, then ends. Whatever could not be shipped stays in the journal for the next start. */
  close(): Promise<void>;
}
