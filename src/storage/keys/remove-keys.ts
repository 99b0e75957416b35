import type { AuditEntry } from '../../core/audit.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyAddress } from '../../core/key-address.ts';
import type { KeyStore } from '../storage.ts';
import type { WriteContext, Writer } from '../writer.ts';
import { findKeysForChange } from './find-keys.ts';
import { announceKey } from './key-writes.ts';

/**
 * Marks keys as deleted, all or none. Rows, tags, secrets and spend stay for history; the secrets are dead and the
 * aliases free. A key named twice is deleted once.
 */
export async function removeKeys(
  write: Writer,
  addresses: readonly KeyAddress[],
  deleted: { atMs: number; by: string },
  decide: (current: KeyRecord) => AuditEntry,
): ReturnType<KeyStore['remove']> {
  return write(async (context) => {
    const found = await findKeysForChange(context.trx, context.dialect, addresses, context.nowMs);
    const missing = found.flatMap((key, index) => (key === undefined ? [index] : []));
    if (missing.length > 0) return { kind: 'not_found', missing };
    const keys = [...new Map(found.flatMap((key) => (key ? [[key.keyId, key] as const] : []))).values()];
    context.audit(keys.map(decide));
    for (const key of keys) await removeKeyRows(context, key, deleted);
    return { kind: 'removed', keys: keys.map((key) => markRemoved(key, deleted)) };
  });
}

/** One key's deletion, as a part of a transaction. */
export async function removeKeyRows(
  context: WriteContext,
  key: KeyRecord,
  deleted: { atMs: number; by: string },
): Promise<void> {
  const { atMs, by } = deleted;
  const { trx } = context;
  const row = { deleted_at_ms: atMs, deleted_by: by };
  await trx.updateTable('keys').set(row).where('key_id', '=', key.keyId).execute();
  await trx
    .updateTable('key_secrets')
    .set({ revoked_at_ms: atMs })
    .where('key_id', '=', key.keyId)
    .where((eb) => eb.or([eb('revoked_at_ms', 'is', null), eb('revoked_at_ms', '>', atMs)]))
    .execute();
  await announceKey(context, markRemoved(key, deleted));
}

function markRemoved(key: KeyRecord, { atMs, by }: { atMs: number; by: string }): KeyRecord {
  return { ...key, deletedAtMs: atMs, deletedBy: by };
}
