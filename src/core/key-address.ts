import { sha256Hex } from './key-secret.ts';

/**
 * The ways to name a key: its secret (only ever as a hash from here on), its hash, its immutable key_id, or its alias.
 */
export type KeyAddress =
  | { kind: 'hash'; hash: string }
  | { kind: 'key_id'; keyId: string }
  | { kind: 'alias'; alias: string };

const HASH = /^[0-9a-f]{64}$/;
const KEY_ID = /^key_[A-Za-z0-9]{16,64}$/;

/** Reads what a client put in a `key` field. A value that starts with `sk-` is a secret and is hashed at once. */
export function parseKeyAddress(text: string): KeyAddress {
  if (text.startsWith('sk-')) return { kind: 'hash', hash: sha256Hex(text) };
  if (HASH.test(text)) return { kind: 'hash', hash: text };
  if (KEY_ID.test(text)) return { kind: 'key_id', keyId: text };
  return { kind: 'alias', alias: text };
}
