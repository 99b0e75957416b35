import { applyAdjustments, openKeyBalance } from '../adjustments.ts';
import { insertAudit } from '../audit-rows.ts';
import type { InsertKeyResult, NewKeyRows } from '../storage.ts';
import type { Writer } from '../writer.ts';
import { toKeyRow } from './key-row.ts';
import { announceKey, insertIdempotency, insertSecret, insertTags, toConflict } from './key-writes.ts';

/** One transaction for everything that a new key is; a conflict leaves nothing of it behind. */
export async function insertKey(write: Writer, rows: NewKeyRows): Promise<InsertKeyResult> {
  const { key, adjustments, audit, idempotency } = rows;
  try {
    await write(async (context) => {
      // First, so that a repeated request is told apart from a second key of the same name.
      if (idempotency !== null) await insertIdempotency(context, idempotency);
      await context.trx.insertInto('keys').values(toKeyRow(key)).execute();
      await insertSecret(context, key, key.createdAtMs);
      await insertTags(context, key);
      await openKeyBalance(context, key.keyId);
      await applyAdjustments(context, adjustments);
      await insertAudit(context, [audit]);
      await announceKey(context, key);
    });
  } catch (error) {
    return toConflict(error);
  }
  return { kind: 'inserted' };
}
