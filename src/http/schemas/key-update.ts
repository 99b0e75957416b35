/** POST /key/update: body → `KeyUpdate`, key → reply. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyUpdate } from '../../management/keys/update-key.ts';
import type { KeyView } from '../../management/keys/view-key.ts';
import { KEY_FIELDS_SHAPE, toKeyChanges } from './key-fields.ts';
import { fromKeyView, KeyRow } from './key-row.ts';

export const KeyUpdateBody = z
  .looseObject({
    ...KEY_FIELDS_SHAPE,
    key: z.string().nullish().describe('Secret, hash, key_id or alias. Absent: the key that key_alias names.'),
  })
  .superRefine(refineTempBudget);

export const KEY_UPDATE_NAMES = [...Object.keys(KEY_FIELDS_SHAPE), 'key'];
export type KeyUpdateInput = z.output<typeof KeyUpdateBody>;

/** An increase without an end, or an end of nothing, is half a request. */
export function refineTempBudget(
  body: { temp_budget_increase?: number | null | undefined; temp_budget_expiry?: string | null | undefined },
  context: z.RefinementCtx,
): void {
  const increase = body.temp_budget_increase ?? null;
  const expiry = body.temp_budget_expiry ?? null;
  if ((increase === null) === (expiry === null)) return;
  const missing = increase === null ? 'temp_budget_increase' : 'temp_budget_expiry';
  const message = 'temp_budget_increase and temp_budget_expiry must be given together';
  context.addIssue({ code: 'custom', path: [missing], message });
}

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
