import { createHash } from 'node:crypto';

/**
 * How a key is named to the gateway. A secret is replaced by its hash, which names the same key and opens nothing, so
 * that it never stands in a URL or a log.
 */
export function toKeyAddress(key: string): string {
  return key.startsWith('sk-') ? createHash('sha256').update(key).digest('hex') : key;
}
