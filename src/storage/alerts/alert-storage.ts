/** What storage offers about alerts, as types. */
import type { AlertChannel, QueuedAlert } from '../../core/alert-routing.ts';
import type { KeyRecord } from '../../core/key.ts';

/** A message that this process is to send now. */
export interface ClaimedAlert extends QueuedAlert {
  /** How many times somebody has begun to send it, this time included. */
  attempts: number;
  createdAtMs: number;
  /** Until then nobody else sends it. */
  claimedUntilMs: number;
}

export interface AlertStore {
  /** Writes those messages that were not written before, in one transaction. Returns how many these are. */
  add(alerts: readonly QueuedAlert[]): Promise<number>;
  /**
   * Messages to these channels that are due, the oldest first. Until `untilMs` they are given to nobody else; should this
   * process die, another one sends them then.
   */
  claim(channels: readonly AlertChannel[], untilMs: number, limit: number): Promise<ClaimedAlert[]>;
  /** It has arrived, or nobody will try any more. Its contents are forgotten, its name is kept. */
  finish(alert: ClaimedAlert, state: 'delivered' | 'failed'): Promise<void>;
  /** It has not arrived; to be tried again at that moment. */
  postpone(alert: ClaimedAlert, nextAtMs: number): Promise<void>;
  /** Notes an alert that there is nobody to tell of, so that it is not looked for again. */
  remember(id: string, keepUntilMs: number | null): Promise<void>;
  /** Whether such an alert has been written, to whichever channel, or noted. */
  isKnown(id: string): Promise<boolean>;
  /** Keys in use that expire after now and not after `untilMs` and of which no alert `idOfExpiry` is written, the first ones first. */
  findExpiringKeys(untilMs: number, limit: number): Promise<KeyRecord[]>;
  /** Budget counters with a balance, by name, following `after`. */
  listCounters(after: string, limit: number): Promise<string[]>;
  /** What was spent on these UTC days (inclusive, YYYY-MM-DD), from the daily sums: of all calls, and the largest parts. */
  sumDays(firstDay: string, lastDay: string, limit: number): Promise<SpendSums>;
}

export interface SpendSums {
  calls: number;
  spendNanoUsd: number;
  teams: readonly SpendPart[];
  users: readonly SpendPart[];
  tags: readonly SpendPart[];
}

export interface SpendPart {
  name: string;
  spendNanoUsd: number;
}
