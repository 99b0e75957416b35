import type { Caller } from '../../core/caller.ts';
import type { JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import { acceptNewKeyFields } from '../keys/accept-key-fields.ts';
import { issueSecret } from '../keys/issue-secret.ts';
import type { KeyFields } from '../keys/key-fields.ts';
import { assertHookAllows } from '../keys/key-generate-hook.ts';
import type { KeyManagement } from '../keys/key-management.ts';
import { buildBlankKey, mergeKeyFields } from '../keys/merge-key-fields.ts';
import { nameOf } from '../keys/revise-key.ts';

/** A key that is not written yet, and its secret. */
export interface FirstKey {
  record: KeyRecord;
  secret: string;
}

/**
 * The key that comes with a new user: by the same rules as one of /key/generate, and written together with the user.
 * Throws what those rules refuse.
 */
export async function planFirstKey(
  deps: KeyManagement,
  caller: Caller,
  fields: KeyFields,
  request: JsonObject,
  nowMs: number,
): Promise<FirstKey> {
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
  return { record: mergeKeyFields(blank, accepted, nowMs), secret: minted.secret };
}
