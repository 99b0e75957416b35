import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyAddress } from '../../core/key-address.ts';
import { maskSecret } from '../../core/key-secret.ts';

/** 404 for one key, in LiteLLM's words and without its secret. */
export function keyNotFound(text: string): GatewayError {
  return new GatewayError('not_found', `Key not found in database. Passed key=${labelKey(text)}`, { param: 'key' });
}

/** What the client passed, fit for a message: a secret is masked. */
export function labelKey(text: string): string {
  return text.startsWith('sk-') ? maskSecret(text) : text.slice(0, 100);
}

/** Names the row itself, so that a change of secret or alias in between cannot make it miss or hit another. */
export function addressOf(key: KeyRecord): KeyAddress {
  return { kind: 'key_id', keyId: key.keyId };
}
