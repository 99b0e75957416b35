/** Which alert goes where: the operator's channels, the kinds of alerts that were asked for, and the people concerned. */
import type { AlertEvent, AlertName } from './alert-event.ts';

export const ALERT_CHANNELS = ['slack', 'webhook', 'email'] as const;
export type AlertChannel = (typeof ALERT_CHANNELS)[number];

/** Kinds of alerts, as `alert_types` lists them: LiteLLM's names where it has one. */
export const ALERT_TYPES = [
  'budget_alerts',
  'spend_reports',
  'db_exceptions',
  'new_virtual_key_created',
  'virtual_key_updated',
  'key_expiring',
  'new_internal_user_created',
] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

const TYPE_OF_EVENT: Readonly<Record<AlertName, AlertType>> = {
  budget_crossed: 'budget_alerts',
  soft_budget_crossed: 'budget_alerts',
  threshold_crossed: 'budget_alerts',
  projected_limit_exceeded: 'budget_alerts',
  key_created: 'new_virtual_key_created',
  key_rotated: 'virtual_key_updated',
  key_expiring: 'key_expiring',
  internal_user_created: 'new_internal_user_created',
  spend_tracked: 'spend_reports',
  trouble_begun: 'db_exceptions',
  trouble_ended: 'db_exceptions',
};

export interface AlertRouting {
  channels: readonly AlertChannel[];
  types: readonly AlertType[];
  /** Addresses that get every alert by mail, beside the people concerned. */
  mailTo: readonly string[];
}

/** Where nothing is to be told to anybody. */
export const NO_ALERTS: AlertRouting = Object.freeze({ channels: [], types: [], mailTo: [] });

export interface Alert {
  /**
   * The same for the same fact, so that it is told once: the event, whom it is about, the window or the moment, and the
   * threshold.
   */
  id: string;
  event: AlertEvent;
  /** Addresses of the people concerned. */
  people: readonly string[];
  /** Until then the same alert is not sent again; null: never again. */
  keepUntilMs: number | null;
}

/** One message of an alert on its way to one receiver. */
export interface QueuedAlert {
  id: string;
  channel: AlertChannel;
  /** The address of a mail; '' elsewhere. */
  recipient: string;
  event: AlertEvent;
  /** A secret that belongs into this message and no other, sealed for `id`; null: none. */
  sealedSecret: string | null;
  keepUntilMs: number | null;
}

/** Whether anybody wants to hear of alerts of this type. */
export function isWanted(routing: AlertRouting, type: AlertType): boolean {
  return routing.channels.length > 0 && routing.types.includes(type);
}

/** The messages that an alert becomes: none where nobody asked for its type. Each address gets a mail of its own. */
export function routeAlert(routing: AlertRouting, alert: Alert): QueuedAlert[] {
  const { id, event, keepUntilMs } = alert;
  if (!isWanted(routing, TYPE_OF_EVENT[event.event])) return [];
  return routing.channels.flatMap((channel) => {
    const recipients = channel === 'email' ? mailRecipients(routing, alert) : [''];
    return recipients.map((recipient) => ({ id, channel, recipient, event, sealedSecret: null, keepUntilMs }));
  });
}

function mailRecipients({ mailTo }: AlertRouting, { people }: Alert): string[] {
  return [...new Set([...people, ...mailTo].map((address) => address.toLowerCase()))];
}
