import type { KeyRecord, KeySecret } from '../../core/key.ts';
import { applyAdjustments, openKeyBalance } from '../adjustments.ts';
import { insertAlerts } from '../alerts/insert-alerts.ts';
import type { InsertKeyResult, NewKeyRows } from '../storage.ts';
import type { WriteContext, Writer } from '../writer.ts';
import { toKeyRow } from './key-row.ts';
import {
  announceKey,
  insertIdempotency,
  insertLabels,
  insertPreviousSecret,
  insertSecret,
  toConflict,
} from './key-writes.ts';
import { createLinkReaders } from './link-readers.ts';

/** One transaction for everything that a new key is; a conflict leaves nothing of it behind. */
export async function insertKey(write: Writer, rows: NewKeyRows): Promise<InsertKeyResult> {
  const { key, assertLinks, adjustments, audit, alerts = [], idempotency } = rows;
  try {
    await write(async (context) => {
      // First, so that a repeated request is told apart from a second key of the same name.
      if (idempotency !== null) await insertIdempotency(context, idempotency);
      await assertLinks?.(createLinkReaders(context), key, null);
      await insertKeyRows(context, key);
      await applyAdjustments(context, adjustments);
      await insertAlerts(context, alerts);
      context.audit([audit]);
    });
  } catch (error) {
    return toConflict(error);
  }
  return { kind: 'inserted' };
}

/** The key itself, as a part of a transaction: row, secrets, labels, balance, change event. */
export async function insertKeyRows(
  context: WriteContext,
  key: KeyRecord,
  previous: KeySecret | null = null,
): Promise<void> {
  await context.trx.insertInto('keys').values(toKeyRow(key)).execute();
  await insertSecret(context, key, key.createdAtMs);
  if (previous !== null) await insertPreviousSecret(context, previous);
  await insertLabels(context, key);
  await openKeyBalance(context, key.keyId);
  await announceKey(context, key);
}
