import { GatewayError } from '../../core/gateway-error.ts';
import {
  describeSecret,
  hasSecretShape,
  MIN_SECRET_LENGTH,
  type MintedSecret,
  mintSecret,
} from '../../core/key-secret.ts';
import { hasWrongChecksum } from '../../core/secret-checksum.ts';
import type { KeyManagement } from './key-management.ts';

const SECRET_BYTES = 16;

/** A secret from random bytes. */
export function issueSecret(deps: Pick<KeyManagement, 'randomBytes'>): MintedSecret {
  return mintSecret(deps.randomBytes(SECRET_BYTES));
}

/**
 * The secret of an idempotent request: the same again for the same note, without being stored anywhere. `hash`: the one
 * that was given out, should it have been derived under an earlier salt key.
 */
export function deriveIssuedSecret(
  deps: Pick<KeyManagement, 'deriveSecrets'>,
  note: { id: string; nonce: string },
  hash?: string,
): MintedSecret {
  const [current, ...earlier] = deps.deriveSecrets(note.nonce, note.id).map((all) => all.subarray(0, SECRET_BYTES));
  const minted = mintSecret(current as Uint8Array);
  if (hash === undefined || minted.hash === hash) return minted;
  return earlier.map((bytes) => mintSecret(bytes)).find((one) => one.hash === hash) ?? minted;
}

/** A secret that the client chose. Throws `bad_request` (400) when it could not be used or could be guessed. */
export function acceptChosenSecret(secret: string, param: 'key' | 'new_key'): MintedSecret {
  if (!secret.startsWith('sk-')) {
    throw new GatewayError('bad_request', `Invalid key format. ${param} must start with 'sk-'.`, { param });
  }
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new GatewayError(
      'bad_request',
      `Invalid key format. ${param} must be at least ${MIN_SECRET_LENGTH} characters long.`,
      { param },
    );
  }
  if (!hasSecretShape(secret)) {
    throw new GatewayError(
      'bad_request',
      `Invalid key format. ${param} is longer than 256 characters or holds a character that no header could carry.`,
      { param },
    );
  }
  if (hasWrongChecksum(secret)) {
    throw new GatewayError(
      'bad_request',
      `Invalid key format. ${param} begins like the keys that the gateway makes itself (sk-lkv1…) and has a wrong ` +
        'checksum: it was copied incompletely, or needs another beginning.',
      { param },
    );
  }
  return describeSecret(secret);
}
