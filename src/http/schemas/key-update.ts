/** POST /key/update: body → `KeyUpdate`, key → reply. */
import { z } from 'zod';
import type { KeyUpdate } from '../../management/keys/update-key.ts';
import type { KeyView } from '../../management/keys/view-key.ts';
import { KEY_FIELDS_SHAPE, toKeyChanges } from './key-fields.ts';
import { fromKeyView, KeyRow } from './key-row.ts';

export const KeyUpdateBody = z
  .looseObject({
    ...KEY_FIELDS_SHAPE,
    key: z.string().describe('Secret, hash, key_id or alias.'),
  })
  .superRefine((body, context) => {
    const increase = body.temp_budget_increase ?? null;
    const expiry = body.temp_budget_expiry ?? null;
    if ((increase === null) === (expiry === null)) return;
    const missing = increase === null ? 'temp_budget_increase' : 'temp_budget_expiry';
    const message = 'temp_budget_increase and temp_budget_expiry must be given together';
    context.addIssue({ code: 'custom', path: [missing], message });
  });

export const KEY_UPDATE_NAMES = [...Object.keys(KEY_FIELDS_SHAPE), 'key'];
export type KeyUpdateInput = z.output<typeof KeyUpdateBody>;

export const KeyUpdateReply = KeyRow.extend({ key: z.string().describe('As passed.') });

export function toKeyUpdate(body: KeyUpdateInput): KeyUpdate {
  return { key: body.key, fields: toKeyChanges(body) };
}

export function fromUpdatedKey(view: KeyView, passed: string): z.output<typeof KeyUpdateReply> {
  return { ...fromKeyView(view), key: passed };
}
