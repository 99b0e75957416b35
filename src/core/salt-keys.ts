/**
 * The salt keys of an installation. Everything that has to be derived again later, by the same installation and nobody
 * else, hangs on the current one; the earlier ones only open and vouch for what was made while they were current.
 */
import { hkdfSync } from 'node:crypto';

export interface SaltKeys {
  current: string;
  /** In no order of importance; the current one is not among them. */
  earlier: readonly string[];
}

const ID_BYTES = 8;

/** Names a salt key without telling anything of it: what one sees of it in reports and in the audit log. */
export function saltKeyId(salt: string): string {
  return deriveFromSalt(salt, 'salt key id', ID_BYTES).toString('hex');
}

/** Current first, each once. */
export function allSalts({ current, earlier }: SaltKeys): readonly string[] {
  return [current, ...earlier];
}

/** Bytes for one purpose: what is known of those for another purpose tells nothing of these. */
export function deriveFromSalt(salt: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', salt, 'latchkey', purpose, bytes));
}
