import type { KeyRecord } from '../../core/key.ts';
import type { KeyAddress } from '../../core/key-address.ts';
import { applyAdjustments } from '../adjustments.ts';
import { insertAlerts } from '../alerts/insert-alerts.ts';
import type { AssertLinks, ChangeKeyResult, KeyChange } from '../storage.ts';
import type { WriteContext, Writer } from '../writer.ts';
import { findKeysForChange } from './find-keys.ts';
import { toKeyRow } from './key-row.ts';
import { announceKey, insertIdempotency, insertSecret, KeyConflict, replaceLabels, toConflict } from './key-writes.ts';
import { createLinkReaders } from './link-readers.ts';

/**
 * Reads the row, asks `decide`, writes what it returns, in one transaction during which nobody else changes the key.
 * Should the database end the transaction because of another one, `decide` is asked again with the row as it is then.
 */
export async function changeKey(
  write: Writer,
  address: KeyAddress,
  decide: (current: KeyRecord) => KeyChange,
  assertLinks?: AssertLinks,
): Promise<ChangeKeyResult> {
  try {
    return await write(async (context) => {
      const [before] = await findKeysForChange(context.trx, context.dialect, [address], context.nowMs);
      if (before === undefined) return { kind: 'not_found' };
      const change = decide(before);
      await assertLinks?.(createLinkReaders(context), change.next, before);
      await writeChange(context, before, change);
      return { kind: 'changed', before, after: change.next };
    });
  } catch (error) {
    return toConflict(error);
  }
}

async function writeChange(context: WriteContext, before: KeyRecord, change: KeyChange): Promise<void> {
  const { next, oldSecretRevokedAtMs, restoresSecret = false, adjustments = [], audit } = change;
  const { alerts = [], idempotency = null } = change;
  if (next.keyId !== before.keyId) throw new Error('A key_id never changes.');
  if ((next.hash !== before.hash) !== (oldSecretRevokedAtMs !== undefined || restoresSecret)) {
    throw new Error('A new secret and the end of the old one belong together.');
  }
  if (idempotency !== null) await insertIdempotency(context, idempotency);
  await writeColumns(context, next);
  if (oldSecretRevokedAtMs !== undefined) await replaceSecret(context, before, next, oldSecretRevokedAtMs);
  if (restoresSecret) await restoreSecret(context, before, next);
  await applyAdjustments(context, adjustments);
  await insertAlerts(context, alerts);
  context.audit([audit]);
  await announceKey(context, next);
}

/** At most two secrets open a key: one that was still in grace from an earlier rotation ends now. */
async function replaceSecret(
  context: WriteContext,
  before: KeyRecord,
  next: KeyRecord,
  revokedAtMs: number,
): Promise<void> {
  const { trx, nowMs } = context;
  const ofKey = trx.updateTable('key_secrets').where('key_id', '=', next.keyId);
  await ofKey.set({ revoked_at_ms: nowMs }).where('revoked_at_ms', '>', nowMs).execute();
  await ofKey.set({ revoked_at_ms: revokedAtMs, mask: before.mask }).where('hash', '=', before.hash).execute();
  await insertSecret(context, next, nowMs);
}

/** A conflict where the earlier secret's time has run out meanwhile. */
async function restoreSecret({ trx, nowMs }: WriteContext, before: KeyRecord, next: KeyRecord): Promise<void> {
  const ofKey = trx.updateTable('key_secrets').where('key_id', '=', next.keyId);
  const restored = await ofKey
    .set({ revoked_at_ms: null })
    .where('hash', '=', next.hash)
    .where('revoked_at_ms', '>', nowMs)
    .returning('hash')
    .executeTakeFirst();
  if (restored === undefined) throw new KeyConflict('key');
  await ofKey.set({ revoked_at_ms: nowMs, mask: before.mask }).where('hash', '=', before.hash).execute();
}

/** A key's row as it is to be, as a part of a transaction. Its secret stays. */
export async function updateKeyRow(context: WriteContext, next: KeyRecord): Promise<void> {
  await writeColumns(context, next);
  await announceKey(context, next);
}

async function writeColumns(context: WriteContext, next: KeyRecord): Promise<void> {
  const { key_id, ...columns } = toKeyRow(next);
  await context.trx.updateTable('keys').set(columns).where('key_id', '=', key_id).execute();
  await replaceLabels(context, next);
}
