import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import type { JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import { acceptNewKeyFields } from './accept-key-fields.ts';
import { issueSecret } from './issue-secret.ts';
import type { KeyFields } from './key-fields.ts';
import { assertHookAllows } from './key-generate-hook.ts';
import type { KeyManagement } from './key-management.ts';
import { buildBlankKey } from './merge-key-fields.ts';
import { planNewKey } from './plan-new-key.ts';
import { nameOf, withSoftBudgetRow } from './revise-key.ts';

/** A key that is not written yet, and its secret. */
export interface MintedKey {
  record: KeyRecord;
  secret: string;
  /** Who stands behind it, as they were when it was decided. */
  standing: Standing;
}

/**
 * A key to be written together with something else, such as the user that it belongs to: by all the rules of
 * /key/generate, no more than its maker has among them. Throws what those rules refuse.
 */
export async function mintNewKey(
  deps: Omit<KeyManagement, 'keys'>,
  caller: Caller,
  { fields, request, nowMs }: { fields: KeyFields; request: JsonObject; nowMs: number },
): Promise<MintedKey> {
  await assertHookAllows(deps.customKeyGenerate, request);
  const accepted = acceptNewKeyFields(deps, fields, nowMs);
  const minted = issueSecret(deps);
  const blank = buildBlankKey({
    keyId: deps.newId('key_'),
    hash: minted.hash,
    mask: deps.settings.disableKeyName ? null : minted.mask,
    createdBy: nameOf(caller),
    nowMs,
  });
  const { key, standing } = await planNewKey(deps, caller, blank, { fields: accepted, asked: fields, request, nowMs });
  return { record: withSoftBudgetRow(deps, key), secret: minted.secret, standing };
}
