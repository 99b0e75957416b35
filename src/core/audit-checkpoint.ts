/**
 * Signed statements of where the audit log was at some moment. Kept where whoever can write to the database cannot, they
 * prove later that the log up to there is the one that it was. The key is derived from the salt key (Ed25519), so every
 * process of an installation signs alike and nothing has to be stored.
 */
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';

/** As it is exported, as JSON. */
export interface AuditCheckpoint {
  type: 'latchkey-audit-checkpoint';
  version: 1;
  /** The last row of the log, and its hash. 0: the log was empty. */
  seq: number;
  hash: string;
  /** ISO 8601, UTC. */
  at: string;
  public_key_id: string;
  /** Raw Ed25519 public key, base64url. */
  public_key: string;
  /** Over `latchkey audit checkpoint 1`, and lines `seq=…`, `hash=…`, `at=…`; base64url. */
  signature: string;
}

export interface CheckpointSigner {
  publicKey: string;
  sign(end: { seq: number; hash: string; atMs: number }): AuditCheckpoint;
}

const SEED_BYTES = 32;
/** What comes before the 32 bytes of an Ed25519 private key in PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The same for the same salt. */
export function createCheckpointSigner(salt: string): CheckpointSigner {
  const seed = Buffer.from(hkdfSync('sha256', salt, 'latchkey', 'audit checkpoints', SEED_BYTES));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = String(createPublicKey(key).export({ format: 'jwk' }).x);
  return {
    publicKey,
    sign({ seq, hash, atMs }) {
      const at = new Date(atMs).toISOString();
      return {
        type: 'latchkey-audit-checkpoint',
        version: 1,
        seq,
        hash,
        at,
        public_key_id: keyIdOf(publicKey),
        public_key: publicKey,
        signature: sign(null, toSignedText({ seq, hash, at }), key).toString('base64url'),
      };
    },
  };
}

/** Whether the holder of this public key has signed the checkpoint. */
export function isSignedBy(checkpoint: AuditCheckpoint, publicKey: string): boolean {
  const key = importPublicKey(publicKey);
  return key !== null && verify(null, toSignedText(checkpoint), key, Buffer.from(checkpoint.signature, 'base64url'));
}

/** Reads an exported checkpoint; null: the text is none. Says nothing about its signature. */
export function parseCheckpoint(text: string): AuditCheckpoint | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { type, version, seq, hash, at, public_key: publicKey, signature } = (value ?? {}) as Partial<AuditCheckpoint>;
  const isCheckpoint =
    type === 'latchkey-audit-checkpoint' &&
    version === 1 &&
    Number.isSafeInteger(seq) &&
    [hash, at, publicKey, signature].every((part) => typeof part === 'string');
  return isCheckpoint ? (value as AuditCheckpoint) : null;
}

/** Short enough to be compared by eye. */
export function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex').slice(0, 16);
}

function importPublicKey(publicKey: string): KeyObject | null {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  } catch {
    return null;
  }
}

function toSignedText({ seq, hash, at }: Pick<AuditCheckpoint, 'seq' | 'hash' | 'at'>): Buffer {
  return Buffer.from(`latchkey audit checkpoint 1\nseq=${seq}\nhash=${hash}\nat=${at}\n`);
}
