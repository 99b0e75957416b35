/**
 * Takes messages from the database to their receivers: at least once, and as a rule once. Whoever claims one sends it; a
 * process that dies meanwhile leaves it to another. What a receiver does not take is tried again, with growing pauses.
 */
import type { AlertChannel } from '../core/alert-routing.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/duration.ts';
import type { AlertStore, ClaimedAlert } from '../storage/alerts/alert-storage.ts';
import type { AlertSender } from './alert-sender.ts';

export interface DeliveryDeps {
  store: Pick<AlertStore, 'claim' | 'finish' | 'postpone'>;
  /** Null: it cannot be opened any more. */
  openSecret(sealed: string, id: string): string | null;
  nowMs(): number;
  logger: { warn(details: object, message: string): void; error(details: object, message: string): void };
}

/** Longer than any sender tries: nobody else sends a message meanwhile. */
const CLAIM_MS = MINUTE_MS;
const BATCH = 10;
const FIRST_PAUSE_MS = 5 * SECOND_MS;
const LONGEST_PAUSE_MS = HOUR_MS;
const MAX_ATTEMPTS = 20;
/** Older news is none. */
const MAX_AGE_MS = DAY_MS;

/** Sends what is due to one channel, until nothing is left that is due. */
export async function deliverAlerts(deps: DeliveryDeps, channel: AlertChannel, sender: AlertSender): Promise<void> {
  for (;;) {
    const claimed = await deps.store.claim([channel], deps.nowMs() + CLAIM_MS, BATCH);
    await Promise.all(claimed.map((alert) => deliver(deps, sender, alert)));
    if (claimed.length < BATCH) return;
  }
}

async function deliver(deps: DeliveryDeps, sender: AlertSender, alert: ClaimedAlert): Promise<void> {
  const { store, nowMs, logger } = deps;
  const about = { channel: alert.channel, event: alert.event.event, attempts: alert.attempts };
  if (nowMs() - alert.createdAtMs > MAX_AGE_MS) {
    logger.error(about, 'An alert was not delivered within a day and is given up');
    return store.finish(alert, 'failed');
  }
  const secret = alert.sealedSecret === null ? null : deps.openSecret(alert.sealedSecret, alert.id);
  if (alert.sealedSecret !== null && secret === null) {
    logger.error(about, 'A mail with a key cannot be sent: the key was sealed under another salt key');
    return store.finish(alert, 'failed');
  }
  try {
    await sender.send({ id: alert.id, event: alert.event, recipient: alert.recipient, secret });
  } catch (error) {
    const details = { ...about, reason: error instanceof Error ? error.message : String(error) };
    if (alert.attempts >= MAX_ATTEMPTS) {
      logger.error(details, 'An alert could not be delivered and is given up');
      return store.finish(alert, 'failed');
    }
    logger.warn(details, 'An alert could not be delivered; it is tried again');
    return store.postpone(alert, nowMs() + pauseAfter(alert.attempts));
  }
  await store.finish(alert, 'delivered');
}

function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
}
