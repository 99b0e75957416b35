import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';

/** `plain`: it was not sealed. `sealed`: it was, and not with this key. */
export type LitellmSecret = { kind: 'plain' | 'opened'; text: string } | { kind: 'sealed' };

const VERSIONED = /^(v[0-9]+):gcm:([A-Za-z0-9_=-]+)$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/** A nonce of 24 bytes and a tag of 16. */
const LEAST_BYTES = 40;
const GCM_NONCE = 12;
const GCM_TAG = 16;

/**
 * Reads values as LiteLLM stores them in its database: sealed with its salt key, or with its master key where it has no
 * salt key. Older versions use XSalsa20-Poly1305 and leave no mark, newer ones AES-256-GCM. Null: no key is known.
 */
export function createLitellmOpener(key: string | null): (text: string) => LitellmSecret {
  return (text) => {
    const versioned = VERSIONED.exec(text);
    if (versioned !== null) {
      const opened = key === null ? null : openGcm(key, versioned[1] ?? '', versioned[2] ?? '');
      return opened === null ? { kind: 'sealed' } : { kind: 'opened', text: opened };
    }
    // What has the form of a sealed value and cannot be opened is not taken for a credential.
    if (!BASE64.test(text) || text.length % 4 !== 0) return { kind: 'plain', text };
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length < LEAST_BYTES) return { kind: 'plain', text };
    const opened = key === null ? null : openBox(key, bytes);
    return opened === null ? { kind: 'sealed' } : { kind: 'opened', text: opened };
  };
}

function openBox(key: string, bytes: Buffer): string | null {
  try {
    const box = xsalsa20poly1305(createHash('sha256').update(key).digest(), bytes.subarray(0, 24));
    return Buffer.from(box.decrypt(bytes.subarray(24))).toString('utf8');
  } catch {
    return null;
  }
}

function openGcm(key: string, version: string, encoded: string): string | null {
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length < GCM_NONCE + GCM_TAG) return null;
  const derived =
    version === 'v2'
      ? createHash('sha256').update(key).digest()
      : Buffer.from(hkdfSync('sha256', key, '', 'litellm-at-rest-v3', 32));
  const decipher = createDecipheriv('aes-256-gcm', derived, bytes.subarray(0, GCM_NONCE));
  decipher.setAuthTag(bytes.subarray(-GCM_TAG));
  try {
    return decipher.update(bytes.subarray(GCM_NONCE, -GCM_TAG), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
