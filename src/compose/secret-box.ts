import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { SEALED } from '../core/callback-secrets.ts';

/**
 * Seals credentials for storage. Each purpose has a key of its own, and what is sealed opens only in the context that it
 * was sealed for: a row's credential cannot be moved to another row.
 */
export interface SecretBox {
  seal(text: string, context: string): string;
  /** Null: it was sealed with another salt key, for another context, or is damaged. */
  open(sealed: string, context: string): string | null;
}

const FORM = `${SEALED}v1:`;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM under a key derived from the installation's salt key. `repeatable`: the same text in the same context is
 * sealed to the same words, so that sealed texts can be compared; all that they tell is whether two are the same.
 */
export function createSecretBox(salt: string, purpose: string, { repeatable = false } = {}): SecretBox {
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', salt, 'latchkey', `${use}: ${purpose}`, 32));
  const key = derive('secret box');
  const nonceKey = derive('secret box nonce');
  const nonceFor = (text: string, context: string): Buffer =>
    repeatable
      ? createHmac('sha256', nonceKey)
          .update(JSON.stringify([context, text]))
          .digest()
          .subarray(0, NONCE_BYTES)
      : randomBytes(NONCE_BYTES);
  return {
    seal(text, context) {
      const nonce = nonceFor(text, context);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return FORM + bytes.toString('base64url');
    },
    open(sealed, context) {
      if (!sealed.startsWith(FORM)) return null;
      const bytes = Buffer.from(sealed.slice(FORM.length), 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([opened, decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}

/** For credentials of log destinations, in the context of the variable's name. */
export function createDestinationBox(salt: string): SecretBox {
  return createSecretBox(salt, 'log destinations', { repeatable: true });
}
