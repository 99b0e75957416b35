import { buildAlertEvent } from '../../core/alert-event.ts';
import { type QueuedAlert, routeAlert } from '../../core/alert-routing.ts';
import { DAY_MS } from '../../core/duration.ts';
import type { UserRecord } from '../../core/owner-records.ts';
import type { AlertManagement } from '../alerts/alert-management.ts';
import { buildInvite, noRecipient } from '../alerts/invite.ts';

const KEEP_MS = 7 * DAY_MS;

/**
 * For a user that is about to be written. `invited`: a mail says so to the user, without a secret. Throws bad_request where
 * the user has no address.
 */
export function buildUserCreatedAlerts(alerts: AlertManagement, user: UserRecord, invited: boolean): QueuedAlert[] {
  const { id: userId, email, createdAtMs: nowMs } = user;
  const event = buildAlertEvent({
    event: 'internal_user_created',
    group: 'internal_user',
    message: 'New User Created',
    userId,
    userEmail: email,
    maxBudgetNanoUsd: user.maxBudgetNanoUsd,
    softBudgetNanoUsd: user.softBudgetNanoUsd,
  });
  const id = `internal_user_created/${userId}@${nowMs}`;
  const messages = routeAlert(alerts.routing, { id, event, people: [], keepUntilMs: nowMs + KEEP_MS });
  if (!invited) return messages;
  if (email === null) throw noRecipient('give the user a user_email');
  const invitation = { ...event, message: 'You Have Been Invited' };
  return [
    ...messages,
    buildInvite(alerts, invitation, { id: `${userId}@${nowMs}`, address: email, secret: null, nowMs }),
  ];
}
