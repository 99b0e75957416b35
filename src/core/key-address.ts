import { isSha256Hex, sha256Hex } from './key-secret.ts';

/**
 * The ways to name a key: its secret (only ever as a hash from here on), its hash, its immutable key_id, or its alias.
 */
export type KeyAddress =
  | { kind: 'hash'; hash: string }
  | { kind: 'key_id'; keyId: string }
  | { kind: 'alias'; alias: string };

const KEY_ID = /^key_[A-Za-z0-9]{16,64}$/;

/** True for the form of a key's immutable name. */
export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

/** Reads what a client put in a `key` field. A value that starts with `sk-` is a secret and is hashed at once. */
export function parseKeyAddress(text: string): KeyAddress {
  if (text.startsWith('sk-')) return { kind: 'hash', hash: sha256Hex(text) };
  if (isSha256Hex(text)) return { kind: 'hash', hash: text };
  if (isKeyId(text)) return { kind: 'key_id', keyId: text };
  return { kind: 'alias', alias: text };
}
