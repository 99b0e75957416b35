import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Seals credentials for storage. Each purpose has a key of its own, and what is sealed opens only in the context that it
 * was sealed for: a row's credential cannot be moved to another row.
 */
export interface SecretBox {
  seal(text: string, context: string): string;
  /** Null: it was sealed with another salt key, for another context, or is damaged. */
  open(sealed: string, context: string): string | null;
}

const FORM = 'sealed:v1:';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under a key derived from the installation's salt key. */
export function createSecretBox(salt: string, purpose: string): SecretBox {
  const key = Buffer.from(hkdfSync('sha256', salt, 'latchkey', `secret box: ${purpose}`, 32));
  return {
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
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
