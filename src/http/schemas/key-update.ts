/** POST /key/update: body → `KeyUpdate`, key → reply. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyUpdate } from '../../management/keys/update-key.ts';
import type { KeyView } from '../../management/keys/view-key.ts';
import { refineBudgetRaise } from './budget-raise.ts';
import { KEY_FIELDS_SHAPE, toKeyChanges } from './key-fields.ts';
import { fromKeyView, KeyRow } from './key-row.ts';

export const KeyUpdateBody = z
  .looseObject({
    ...KEY_FIELDS_SHAPE,
    key: z.string().nullish().describe('Secret, hash, key_id or alias. Absent: the key that key_alias names.'),
  })
  .superRefine(refineBudgetRaise);

export const KEY_UPDATE_NAMES = [...Object.keys(KEY_FIELDS_SHAPE), 'key'];
export type KeyUpdateInput = z.output<typeof KeyUpdateBody>;

export const KeyUpdateReply = KeyRow.extend({ key: z.string().describe('As passed; else its hash.') });

/** Throws bad_request where the body names no key. */
export function toKeyUpdate(body: KeyUpdateInput): KeyUpdate {
  const fields = toKeyChanges(body);
  if (body.key) return { key: body.key, fields };
  const { alias } = fields;
  if (alias != null) return { key: alias, address: { kind: 'alias', alias }, fields };
  throw new GatewayError('bad_request', 'No key is named: either key or key_alias must be provided.', { param: 'key' });
}

export function fromUpdatedKey(view: KeyView, { key }: KeyUpdateInput): z.output<typeof KeyUpdateReply> {
  return { ...fromKeyView(view), key: key || view.key.hash };
}
