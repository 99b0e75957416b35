import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import type { KeyAddress } from '../../core/key-address.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { acceptKeyChanges } from './accept-key-fields.ts';
import { assertLinksExist } from './assert-links-exist.ts';
import { assertOwnersStay } from './assert-owners-stay.ts';
import type { CeilingDeps } from './build-ceiling.ts';
import { findKeyFor } from './find-key-for.ts';
import { keyConflict } from './key-conflict.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';
import { planSpendMove } from './move-spend.ts';
import { planKeyChange } from './plan-key-change.ts';
import { addressOf, keyNotFound } from './resolve-key.ts';
import { reviseKey } from './revise-key.ts';
import { type KeyView, viewKey } from './view-key.ts';

export interface KeyUpdate {
  /** As passed: secret, hash, key_id or alias. */
  key: string;
  /** Which of these it is, where the request says so. */
  address?: KeyAddress;
  fields: KeyFields;
}

export type UpdateDeps = CeilingDeps &
  Pick<
    KeyManagement,
    'newId' | 'readSpend' | 'readCounters' | 'spendCounter' | 'budgetWindow' | 'isKnownModel' | 'standingOf'
  > & { keys: Pick<KeyStore, 'find' | 'change'> };

/**
 * Changes the fields that the request mentions and no others: absent keeps, null clears, a value sets. Row, balance
 * and audit row are one transaction, and the next call with the key sees it.
 * Throws not_admin, not_found, forbidden (beyond what the caller has, or somebody else's), bad_request (a field, a taken alias), conflict (spend changed by two at once).
 */
export async function updateKey(deps: UpdateDeps, caller: Caller, actor: Actor, input: KeyUpdate): Promise<KeyView> {
  const nowMs = deps.nowMs();
  const found = await findKeyFor(deps, caller, 'update', input.key, input.address);
  const { key } = found.draft;
  const fields = acceptKeyChanges(deps, input.fields, nowMs);
  const { assertMayBecome, standing } = await planKeyChange(deps, caller, found, { act: 'update', fields, nowMs });
  const move = await planSpendMove(deps, key, fields, nowMs);
  const result = await deps.keys.change(
    addressOf(key),
    (current) => {
      assertMayBecome(current);
      return reviseKey(deps, current, { action: 'updated', fields, move, caller, actor, nowMs });
    },
    assertOwnersStay(caller, standing, assertLinksExist(fields, key)),
  );
  if (result.kind === 'not_found') throw keyNotFound(input.key);
  if (result.kind === 'conflict') throw keyConflict(result.field, fields.alias ?? null);
  return viewKey(deps, result.after, nowMs);
}
