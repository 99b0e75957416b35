import { randomBytes } from 'node:crypto';

/** `key_` and the like, and 22 random letters and digits. */
export function newId(prefix: string): string {
  return prefix + randomBytes(11).toString('hex');
}
