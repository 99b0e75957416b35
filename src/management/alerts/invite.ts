import type { AlertEvent } from '../../core/alert-event.ts';
import type { QueuedAlert } from '../../core/alert-routing.ts';
import { DAY_MS } from '../../core/duration.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { AlertManagement } from './alert-management.ts';

const KEEP_MS = 7 * DAY_MS;

/** Before anything else is done for a request with `send_invite_email`. Throws management_refused. */
export function assertSendsMail({ routing }: Pick<AlertManagement, 'routing'>): void {
  if (routing.channels.includes('email')) return;
  throw new GatewayError(
    'management_refused',
    'Authentication Error, Email alerting not setup on config.yaml. Set general_settings.alerting to ["email"], and ' +
      'SMTP_HOST and SMTP_SENDER_EMAIL; or leave send_invite_email out. Nothing was made.',
    { param: 'send_invite_email' },
  );
}

/** Where nobody is known who could be sent the mail. */
export function noRecipient(advice: string): GatewayError {
  return new GatewayError('bad_request', `send_invite_email needs an address: ${advice}. Nothing was made.`, {
    param: 'send_invite_email',
  });
}

/** The mail to whoever a key or an account was made for. With `secret`, that is in it: sealed until it is sent. */
export function buildInvite(
  alerts: AlertManagement,
  event: AlertEvent,
  { id, address, secret, nowMs }: { id: string; address: string; secret: string | null; nowMs: number },
): QueuedAlert {
  const name = `invite/${id}`;
  return {
    id: name,
    channel: 'email',
    recipient: address.toLowerCase(),
    event,
    sealedSecret: secret === null ? null : alerts.sealSecret(secret, name),
    keepUntilMs: nowMs + KEEP_MS,
  };
}
