/**
 * May this key be used at this moment? The same rule decides for a new request and for a stream that is still open, so
 * that blocking, deleting, rotating or expiry end both alike. Budgets and models are not looked at here: a key that is
 * over its budget may still ask about itself.
 */
import { GatewayError } from './gateway-error.ts';
import type { KeyRecord, KeySecret } from './key.ts';

/** The refusal, or undefined for a key in good standing. A moment counts as passed once it is reached. */
export function refuseKey(
  key: Pick<KeyRecord, 'blocked' | 'expiresAtMs' | 'deletedAtMs' | 'mask'>,
  secret: Pick<KeySecret, 'hash' | 'revokedAtMs'>,
  nowMs: number,
): GatewayError | undefined {
  if (key.deletedAtMs !== null) return unknownKeyError(secret.hash);
  if (secret.revokedAtMs !== null && secret.revokedAtMs <= nowMs) return unknownKeyError(secret.hash);
  if (key.blocked === true) {
    return new GatewayError(
      'authentication',
      "Authentication Error, Key is blocked. Update via `/key/unblock` if you're admin.",
    );
  }
  if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs) {
    return new GatewayError(
      'key_expired',
      `Authentication Error - Expired Key. Key Expiry time ${toIso(key.expiresAtMs)} and current time ${toIso(nowMs)}`,
      { param: key.mask ?? 'sk-...' },
    );
  }
  return undefined;
}

/** What becomes of calls with the key, in the words that `/key/list` filters by. */
export const KEY_STATUSES = ['active', 'blocked', 'expired', 'deleted'] as const;
export type KeyStatus = (typeof KEY_STATUSES)[number];

/** What is said of a key in one word, where more than one would do: the one that is hardest to undo. */
export function keyStatus(key: Pick<KeyRecord, 'blocked' | 'expiresAtMs' | 'deletedAtMs'>, nowMs: number): KeyStatus {
  if (key.deletedAtMs !== null) return 'deleted';
  if (key.blocked === true) return 'blocked';
  return key.expiresAtMs !== null && key.expiresAtMs <= nowMs ? 'expired' : 'active';
}

/** For a secret that opens nothing: never seen, deleted, or replaced. All three look the same from outside. */
export function unknownKeyError(secretHash: string, mask?: string): GatewayError {
  const received = mask === undefined ? '' : `Received API Key = ${mask}, `;
  return new GatewayError(
    'key_unknown',
    `Authentication Error, Invalid proxy server token passed. ${received}Key Hash (Token) =${secretHash}. ` +
      'Unable to find token in cache or `LiteLLM_VerificationTokenTable`',
    { param: 'key' },
  );
}

function toIso(atMs: number): string {
  return new Date(atMs).toISOString();
}
