import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { SEALED, SEALED_MARK_LENGTH } from '../core/callback-secrets.ts';
import { deriveFromSalt, type SaltKeys } from '../core/salt-keys.ts';
import type { Reseal, SealedUnder, SealPurpose } from '../core/sealed-texts.ts';

/**
 * Seals credentials for storage. Each purpose has a key of its own, and what is sealed opens only in the context that it
 * was sealed for: a row's credential cannot be moved to another row.
 */
export interface SecretBox {
  /** Under the current salt key. */
  seal(text: string, context: string): string;
  /** Null: it was sealed with a salt key that is not here, for another context, or is damaged. */
  open(sealed: string, context: string): string | null;
  /** The same credential under the current salt key; the same text where it is. Null as with `open`. */
  reseal: Reseal;
  /** Which salt key a text was sealed with. */
  lookAt(sealed: string, context: string): SealedUnder;
}

/** `sealed:v1:<base64url>`: sealed before keys had ids. Opened, and made no more. */
const FIRST_FORM = `${SEALED}v1:`;
/** `sealed:v2:<id of the key>:<base64url>`, and in a repeatable box `.<mark>`. */
const FORM = `${SEALED}v2:`;
const KEY_BYTES = 32;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** As base64url, of SEALED_MARK_LENGTH. */
const MARK_BYTES = 12;

/**
 * AES-256-GCM under keys derived from the installation's salt keys. `repeatable`: the same text in the same context is
 * sealed to the same words, so that sealed texts can be compared; all that they tell is whether two are the same. Its
 * texts end in a mark, which they keep when they are sealed under another key: what tells a credential from others, and
 * the mask that is shown of it, stay.
 */
export function createSecretBox(salts: SaltKeys, purpose: SealPurpose, { repeatable = false } = {}): SecretBox {
  const current = createKey(salts.current, purpose);
  const keys = [current, ...salts.earlier.map((salt) => createKey(salt, purpose))];

  const sealWith = (text: string, context: string, mark: string | null): string => {
    const nonce = mark === null ? randomBytes(NONCE_BYTES) : current.nonceFor(text, context, mark);
    const bytes = encrypt(current.key, nonce, toBinding(current.id, context, mark), text);
    return `${FORM}${current.id}:${bytes}${mark === null ? '' : `.${mark}`}`;
  };
  const openWith = (sealed: string, context: string): { key: BoxKey; text: string } | null => {
    const parts = parse(sealed);
    if (parts === null) return null;
    for (const key of keys) {
      if (parts.keyId !== null && parts.keyId !== key.id) continue;
      const binding = parts.keyId === null ? context : toBinding(key.id, context, parts.mark);
      const text = decrypt(parts.keyId === null ? key.firstKey : key.key, parts.bytes, binding);
      if (text !== null) return { key, text };
    }
    return null;
  };

  return {
    seal: (text, context) => sealWith(text, context, repeatable ? current.markFor(text, context) : null),
    open: (sealed, context) => openWith(sealed, context)?.text ?? null,
    reseal(sealed, context) {
      const opened = openWith(sealed, context);
      if (opened === null) return null;
      const isCurrent = opened.key === current && !sealed.startsWith(FIRST_FORM);
      return isCurrent ? sealed : sealWith(opened.text, context, repeatable ? sealed.slice(-SEALED_MARK_LENGTH) : null);
    },
    lookAt(sealed, context) {
      const opened = openWith(sealed, context);
      const keyId = parse(sealed)?.keyId ?? null;
      if (opened === null) return { keyId, key: 'unknown' };
      return { keyId, key: opened.key === current ? 'current' : 'earlier' };
    },
  };
}

/** For credentials of log destinations, in the context of the variable's name. */
export function createDestinationBox(salts: SaltKeys): SecretBox {
  return createSecretBox(salts, 'log destinations', { repeatable: true });
}

/** One for each purpose. */
export function createSealBoxes(salts: SaltKeys): Readonly<Record<SealPurpose, SecretBox>> {
  return {
    models: createSecretBox(salts, 'models'),
    alerts: createSecretBox(salts, 'alerts'),
    'log destinations': createDestinationBox(salts),
  };
}

/** What is derived from one salt key for one purpose. */
interface BoxKey {
  id: string;
  /** Of the first form. The forms share no key, so no nonce can be in use for both. */
  firstKey: Buffer;
  key: Buffer;
  nonceFor(text: string, context: string, mark: string): Buffer;
  markFor(text: string, context: string): string;
}

function createKey(salt: string, purpose: string): BoxKey {
  const derive = (use: string, bytes = KEY_BYTES) => deriveFromSalt(salt, `${use}: ${purpose}`, bytes);
  const nonceKey = derive('sealing nonce');
  const markKey = derive('sealing mark');
  const digest = (key: Buffer, parts: readonly string[], bytes: number) =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, bytes);
  return {
    id: derive('sealing key id', ID_BYTES).toString('hex'),
    firstKey: derive('secret box'),
    key: derive('sealing key'),
    nonceFor: (text, context, mark) => digest(nonceKey, [context, text, mark], NONCE_BYTES),
    markFor: (text, context) => digest(markKey, [context, text], MARK_BYTES).toString('base64url'),
  };
}

/** What is authenticated beside the text: nothing of the sealed form can be exchanged. */
function toBinding(keyId: string, context: string, mark: string | null): string {
  return JSON.stringify([keyId, mark, context]);
}

const SHAPE = /^([0-9a-f]{16}):([\w-]+)(?:\.([\w-]+))?$/;

function parse(sealed: string): { keyId: string | null; bytes: Buffer; mark: string | null } | null {
  if (sealed.startsWith(FIRST_FORM)) {
    return { keyId: null, bytes: Buffer.from(sealed.slice(FIRST_FORM.length), 'base64url'), mark: null };
  }
  const [, keyId, text, mark = null] = (sealed.startsWith(FORM) && SHAPE.exec(sealed.slice(FORM.length))) || [];
  if (keyId === undefined || text === undefined) return null;
  return { keyId, bytes: Buffer.from(text, 'base64url'), mark };
}

function encrypt(key: Buffer, nonce: Buffer, binding: string, text: string): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(binding));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

function decrypt(key: Buffer, bytes: Buffer, binding: string): string | null {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(binding)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([opened, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}
