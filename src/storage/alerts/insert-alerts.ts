import type { QueuedAlert } from '../../core/alert-routing.ts';
import type { WriteContext } from '../writer.ts';

/** A statement takes a limited number of values. */
const BATCH = 50;

/**
 * Messages, as a part of a transaction: those that were written before are left out. Returns how many were new. Rows go in
 * by their names, so that two who write the same ones never wait for each other in a circle.
 */
export async function insertAlerts(
  { trx, nowMs }: Pick<WriteContext, 'trx' | 'nowMs'>,
  alerts: readonly QueuedAlert[],
): Promise<number> {
  const rows = alerts
    .map(({ id, channel, recipient, event, sealedSecret, keepUntilMs }) => ({
      id,
      channel,
      recipient,
      state: 'pending' as const,
      event: JSON.stringify(event),
      sealed_secret: sealedSecret,
      attempts: 0,
      next_at_ms: nowMs,
      created_at_ms: nowMs,
      done_at_ms: null,
      keep_until_ms: keepUntilMs,
    }))
    .sort((a, b) => compare(a.id, b.id) || compare(a.channel, b.channel) || compare(a.recipient, b.recipient));
  let added = 0;
  for (let start = 0; start < rows.length; start += BATCH) {
    const inserted = await trx
      .insertInto('alerts')
      .values(rows.slice(start, start + BATCH))
      .onConflict((conflict) => conflict.columns(['id', 'channel', 'recipient']).doNothing())
      .returning('id')
      .execute();
    added += inserted.length;
  }
  return added;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
