import { type AlertRouting, NO_ALERTS } from '../../core/alert-routing.ts';

/** What the verbs ask of the world to tell people of what they did. The messages are written along with the change. */
export interface AlertManagement {
  routing: AlertRouting;
  /** For storage, until the mail is sent: opens only for the message with this id. */
  sealSecret(secret: string, id: string): string;
}

/** Where nothing is told to anybody. */
export const SILENT: AlertManagement = Object.freeze({
  routing: NO_ALERTS,
  sealSecret: () => {
    throw new Error('No mail is sent, so there is nothing to seal.');
  },
});
