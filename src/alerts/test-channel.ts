import { buildAlertEvent } from '../core/alert-event.ts';
import { ALERT_CHANNELS, type AlertChannel } from '../core/alert-routing.ts';
import type { AlertSender } from './alert-sender.ts';

/** `unknown`: no such channel. `off`: it is not asked for, or has no address. */
export type ChannelTest =
  | { kind: 'sent'; receivers: number }
  | { kind: 'failed'; reason: string }
  | { kind: 'off' }
  | { kind: 'unknown' };

/** Sends a message that says that it is a test, now, and tells what the receiver said of it. */
export async function testChannel(
  deps: {
    senders: ReadonlyMap<AlertChannel, AlertSender>;
    /** Addresses that a test mail goes to. */
    mailTo: readonly string[];
    newId(prefix: string): string;
  },
  name: string,
): Promise<ChannelTest> {
  const channel = ALERT_CHANNELS.find((known) => known === name);
  if (channel === undefined) return { kind: 'unknown' };
  const sender = deps.senders.get(channel);
  const recipients = channel === 'email' ? deps.mailTo : [''];
  if (sender === undefined) return { kind: 'off' };
  const event = buildAlertEvent({
    event: 'spend_tracked',
    group: 'proxy',
    message: 'Test Message\nNothing has happened.',
  });
  const id = deps.newId('test_');
  try {
    for (const recipient of recipients) await sender.send({ id, event, recipient, secret: null });
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  return { kind: 'sent', receivers: recipients.length };
}
