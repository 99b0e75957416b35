/** POST /key/bulk_update: body → `KeyUpdate`s, results → reply. */
import { z } from 'zod';
import type { BulkUpdate } from '../../management/keys/update-keys.ts';
import { fromKeyView, KeyRow } from './key-row.ts';
import { KeyUpdateBody } from './key-update.ts';

export const KeyBulkBody = z.looseObject({
  keys: z.array(KeyUpdateBody).describe('Up to 500, each a body of /key/update.'),
});

export const KeyBulkReply = z.object({
  total_requested: z.number(),
  successful_updates: z.array(z.object({ key: z.string().describe('As passed.'), key_info: KeyRow })),
  failed_updates: z.array(
    z.object({
      key: z.string().describe('As passed.'),
      key_info: KeyRow.nullable().describe('The key as it still is; null: there is none of this name.'),
      failed_reason: z.string(),
    }),
  ),
});

export function fromBulkUpdate({ updated, failed }: BulkUpdate): z.output<typeof KeyBulkReply> {
  return {
    total_requested: updated.length + failed.length,
    successful_updates: updated.map(({ key, view }) => ({ key, key_info: fromKeyView(view) })),
    failed_updates: failed.map(({ key, view, reason }) => ({
      key,
      key_info: view === null ? null : fromKeyView(view),
      failed_reason: reason,
    })),
  };
}
