import type { AlertChannel } from '../core/alert-routing.ts';
import type { AlertSender } from './alert-sender.ts';
import { createMailSender, type MailServer } from './email.ts';
import { createSlackSender } from './slack.ts';
import { createWebhookSender } from './webhook.ts';

export interface AlertAddresses {
  slackWebhookUrl: string | null;
  webhookUrl: string | null;
  mail: MailServer | null;
}

/** One sender for each of the channels that has an address. Connects to nobody yet. */
export function createSenders(
  channels: readonly AlertChannel[],
  { slackWebhookUrl, webhookUrl, mail }: AlertAddresses,
): ReadonlyMap<AlertChannel, AlertSender> {
  const senders = new Map<AlertChannel, AlertSender>();
  if (channels.includes('slack') && slackWebhookUrl !== null) senders.set('slack', createSlackSender(slackWebhookUrl));
  if (channels.includes('webhook') && webhookUrl !== null) senders.set('webhook', createWebhookSender(webhookUrl));
  if (channels.includes('email') && mail !== null) senders.set('email', createMailSender(mail));
  return senders;
}
