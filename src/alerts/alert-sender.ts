import type { AlertEvent } from '../core/alert-event.ts';

export interface OutgoingAlert {
  /** The same when it is sent again: a receiver that has seen it can drop it. */
  id: string;
  event: AlertEvent;
  /** The address of a mail; '' elsewhere. */
  recipient: string;
  /** The one secret that this message is to show. Only mail shows one. */
  secret: string | null;
}

/** One way to reach people. */
export interface AlertSender {
  /** Resolves once the receiver has taken it. Throws with the words of whoever refused it, never with an address of ours. */
  send(alert: OutgoingAlert): Promise<void>;
  close(): Promise<void>;
}
