/** What is told of keys: that one was made, has a new secret, or is about to expire. */
import { type AlertEvent, buildAlertEvent } from './alert-event.ts';
import type { Alert } from './alert-routing.ts';
import type { CallPath } from './call-path.ts';
import { DAY_MS } from './duration.ts';
import type { KeyRecord } from './key.ts';

/** Long enough that no repetition of an act comes later. */
const KEEP_MS = 7 * DAY_MS;

type Path = Pick<CallPath, 'user' | 'team'>;

export function keyCreatedAlert(key: KeyRecord, path: Path, spendNanoUsd: number, nowMs: number): Alert {
  const event = { ...keyEvent(key, path, 'key_created', 'API Key Created'), spendNanoUsd };
  // Its owner is told by mail only where the request asks for it (`send_invite_email`).
  return { id: `key_created/${key.keyId}`, event, people: [], keepUntilMs: nowMs + KEEP_MS };
}

export function keyRotatedAlert(key: KeyRecord, path: Path, spendNanoUsd: number, nowMs: number): Alert {
  const event = { ...keyEvent(key, path, 'key_rotated', 'API Key Rotated'), spendNanoUsd };
  const id = `key_rotated/${key.keyId}@${key.rotationCount}/${key.hash}`;
  return { id, event, people: mailOf(path), keepUntilMs: nowMs + KEEP_MS };
}

/** For a key that expires: told once for each moment at which it does. */
export function keyExpiringAlert(key: KeyRecord, path: Path, spendNanoUsd: number): Alert {
  const at = new Date(key.expiresAtMs ?? 0).toISOString();
  const event = { ...keyEvent(key, path, 'key_expiring', `API Key Expires At ${at}`), spendNanoUsd };
  const id = expiryAlertId(key.keyId, String(key.expiresAtMs));
  return { id, event, people: mailOf(path), keepUntilMs: (key.expiresAtMs ?? 0) + KEEP_MS };
}

/** Storage puts the same name together where it looks for keys of which nobody has been told. */
export function expiryAlertId(keyId: string, expiresAtMs: string): string {
  return `key_expiring/${keyId}@${expiresAtMs}`;
}

function keyEvent(key: KeyRecord, path: Path, event: AlertEvent['event'], message: string): AlertEvent {
  return buildAlertEvent({ event, group: 'key', message, ...keyFacts(key, path) });
}

/** The fields of an event that name a key and who is behind it. */
export function keyFacts(key: KeyRecord, { user, team }: Path): Partial<AlertEvent> {
  return {
    tokenHash: key.hash,
    maxBudgetNanoUsd: key.maxBudgetNanoUsd,
    softBudgetNanoUsd: key.softBudgetNanoUsd,
    userId: key.userId,
    teamId: key.teamId,
    teamAlias: team?.alias ?? null,
    organizationId: key.organizationId ?? team?.organizationId ?? null,
    userEmail: user?.email ?? null,
    keyAlias: key.alias,
  };
}

function mailOf({ user }: Path): string[] {
  return user?.email == null ? [] : [user.email];
}
