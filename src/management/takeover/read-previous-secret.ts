import { isJsonObject } from '../../core/json.ts';
import type { KeyRecord, KeySecret } from '../../core/key.ts';
import { isSha256Hex } from '../../core/key-secret.ts';
import { type RowReader, toMoment } from './row-reader.ts';

const COLUMN = 'previous_secrets';

/**
 * The secret that a key had before its last rotation, where it opens the key still: here, too, a key has one such at most.
 * Older ones that would open it are noted; what has ended already says nothing. Null: there is none.
 */
export function readPreviousSecret(row: RowReader, key: KeyRecord, nowMs: number): KeySecret | null {
  const value = row.raw(COLUMN);
  let newest: KeySecret | null = null;
  for (const secret of Array.isArray(value) ? value.filter(isJsonObject) : []) {
    const { token: hash, revoke_at: end = null } = secret;
    const revokedAtMs = toMoment(end);
    if (revokedAtMs !== undefined && revokedAtMs <= nowMs) continue;
    if (typeof hash !== 'string' || !isSha256Hex(hash) || revokedAtMs === undefined) {
      row.note(COLUMN, 'has one that is no SHA-256 with an end, so it opens nothing here');
    } else if (newest === null) {
      newest = { hash, keyId: key.keyId, createdAtMs: key.createdAtMs, revokedAtMs };
    } else {
      const until = new Date(revokedAtMs).toISOString();
      row.note(COLUMN, `${hash} works there until ${until}: of the secrets before, only the newest opens a key here`);
    }
  }
  return newest;
}
