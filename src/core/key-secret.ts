import { createHash, hash as oneShotHash } from 'node:crypto';

import { formatSecret } from './secret-checksum.ts';

/**
 * Secrets begin with `sk-`, whoever made them; those that we make have the form in secret-checksum.ts. Their 128 random
 * bits need no slow hash: what is stored is the SHA-256, which cannot be turned back and is no credential itself.
 */
const SECRET_PREFIX = 'sk-';
/** Custom secrets shorter than this could be guessed. */
export const MIN_SECRET_LENGTH = 16;
/** Long enough for every format in use; what is longer is refused before anything is hashed. */
const MAX_SECRET_LENGTH = 256;
const SECRET_SHAPE = /^sk-[A-Za-z0-9._~+/=:@$!*,#%&-]+$/;

export interface MintedSecret {
  secret: string;
  hash: string;
  mask: string;
}

/** 16 random bytes → secret, hash and mask. The secret is shown once and not kept. */
export function mintSecret(randomBytes: Uint8Array): MintedSecret {
  return describeSecret(formatSecret(randomBytes));
}

/** Hash and mask of a secret that somebody chose. */
export function describeSecret(secret: string): MintedSecret {
  return { secret, hash: sha256Hex(secret), mask: maskSecret(secret) };
}

/** `sk-...abcd`: enough to recognise, useless to an attacker. */
export function maskSecret(secret: string): string {
  return `${SECRET_PREFIX}...${secret.slice(-4)}`;
}

/** True for text that could be a secret at all. Anything else is refused without a look-up. */
export function hasSecretShape(text: string): boolean {
  return text.length > SECRET_PREFIX.length && text.length <= MAX_SECRET_LENGTH && SECRET_SHAPE.test(text);
}

/** SHA-256 of the UTF-8 text, lower-case hex: LiteLLM's `token`. */
export const sha256Hex: (text: string) => string =
  typeof oneShotHash === 'function'
    ? (text) => oneShotHash('sha256', text, 'hex')
    : (text) => createHash('sha256').update(text).digest('hex');

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** True for what `sha256Hex` could have returned. */
export function isSha256Hex(text: string): boolean {
  return SHA256_HEX.test(text);
}
