/** The messages that go along with a new key and a new secret. */
import { isWanted, type QueuedAlert, routeAlert } from '../../core/alert-routing.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { keyCreatedAlert, keyRotatedAlert } from '../../core/key-alerts.ts';
import { isAdmin } from '../../core/rights.ts';
import { buildInvite, noRecipient } from '../alerts/invite.ts';
import type { KeyManagement } from './key-management.ts';
import { withWindows } from './with-windows.ts';

const ADDRESS = /^[^\s@<>",;]+@[^\s@<>",;]+$/;

export interface NewKeyInvite {
  secret: string;
  /** As the request names it; null: the address of the key's user. */
  address: string | null;
}

/**
 * For a key that is about to be written. `invite`: its user is sent the secret. Throws bad_request (no address, or none
 * that is one), forbidden (somebody else's address, from others than administrators).
 */
export async function buildKeyCreatedAlerts(
  deps: Pick<KeyManagement, 'alerts' | 'standingOf'>,
  caller: Caller,
  key: KeyRecord,
  facts: { spendNanoUsd: number; invite: NewKeyInvite | null; nowMs: number },
): Promise<QueuedAlert[]> {
  const { alerts } = deps;
  const { spendNanoUsd, invite, nowMs } = facts;
  if (invite === null && !isWanted(alerts.routing, 'new_virtual_key_created')) return [];
  const { path } = await deps.standingOf(key);
  const alert = keyCreatedAlert(key, path, spendNanoUsd, nowMs);
  const messages = routeAlert(alerts.routing, alert);
  if (invite === null) return messages;
  const address = chooseAddress(caller, invite.address, path.user?.email ?? null);
  const event = { ...alert.event, userEmail: address };
  return [...messages, buildInvite(alerts, event, { id: key.keyId, address, secret: invite.secret, nowMs })];
}

function chooseAddress(caller: Caller, asked: string | null, own: string | null): string {
  if (asked === null) {
    if (own === null) throw noRecipient('name a user_id whose user has one, or user_email');
    return own;
  }
  if (!ADDRESS.test(asked))
    throw new GatewayError('bad_request', 'user_email is no e-mail address.', { param: 'user_email' });
  if (asked.toLowerCase() !== own && !isAdmin(caller)) {
    throw new GatewayError('forbidden', "Only administrators have keys sent to an address that is not the user's.", {
      param: 'user_email',
    });
  }
  return asked;
}

/** For a key whose secret is about to be replaced: what is told once it is known what becomes of it. */
export async function prepareRotationAlerts(
  deps: Pick<KeyManagement, 'alerts' | 'standingOf' | 'readSpend'>,
  key: KeyRecord,
  nowMs: number,
): Promise<(next: KeyRecord) => QueuedAlert[]> {
  const { routing } = deps.alerts;
  if (!isWanted(routing, 'virtual_key_updated')) return () => [];
  const { path } = await deps.standingOf(key);
  const [spentNanoUsd = 0] = await deps.readSpend(await withWindows(deps, [key]));
  return (next) => routeAlert(routing, keyRotatedAlert(next, path, spentNanoUsd, nowMs));
}
