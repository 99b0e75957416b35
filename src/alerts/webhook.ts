import { createHash } from 'node:crypto';
import { toWireEvent } from '../core/alert-event.ts';
import type { AlertSender } from './alert-sender.ts';
import { createJsonPoster } from './post-json.ts';

/** Posts the event as it is. `idempotency-key` is the same when an event comes a second time. */
export function createWebhookSender(url: string): AlertSender {
  const poster = createJsonPoster(url);
  return {
    send: ({ id, event }) =>
      poster.post(toWireEvent(event), { 'idempotency-key': createHash('sha256').update(id).digest('hex') }),
    close: poster.close,
  };
}
