import type { Caller } from '../../core/caller.ts';
import { type KeyStatus, keyStatus } from '../../core/key-standing.ts';
import type { BudgetRecord } from '../../core/owner-records.ts';
import type { KeyStore, WorkingSecretRow } from '../../storage/storage.ts';
import { findKeyFor } from './find-key-for.ts';
import { findLinkedBudget } from './find-linked-budget.ts';
import type { KeyManagement } from './key-management.ts';
import { type KeyUsage, readUsage } from './read-usage.ts';
import { type KeyView, viewKey } from './view-key.ts';

/** What the verbs that show keys ask of the world. */
export type InfoDeps = Pick<
  KeyManagement,
  'nowMs' | 'readSpend' | 'readCounters' | 'spendCounter' | 'budgetWindow' | 'standingOf'
>;

/** A key with what is told of it where it is looked at alone, or by name. */
export interface KeyInfo extends KeyView {
  usage: KeyUsage;
  /** The row that `budget_id` names. */
  linkedBudget: BudgetRecord | null;
}

/** A secret that opens the key at this moment, and who uses it still. */
export type SecretInfo = WorkingSecretRow;

/**
 * One key and its secrets, by secret, hash, key_id or alias; without a name, the key that is calling. By anything but its
 * alias, which is free again, a deleted key is shown as it was, to whom it would be shown if it lived. To whoever may see
 * only some keys, a key that does not exist and a key of somebody else look the same. Throws forbidden, not_found.
 */
export async function getKeyInfo(
  deps: InfoDeps & {
    keys: Pick<KeyStore, 'find' | 'workingSecrets'>;
  },
  caller: Caller,
  text: string | null,
): Promise<KeyInfo & { secrets: readonly SecretInfo[]; status: KeyStatus }> {
  // By key_id where there is one: the secret that is calling may be an older one in its grace period.
  const named = text ?? caller.key?.keyId ?? caller.secretHash;
  const { draft } = await findKeyFor({ ...deps, keys: withDeleted(deps.keys) }, caller, 'info', named);
  const secrets = await deps.keys.workingSecrets(draft.key.keyId);
  const nowMs = deps.nowMs();
  const [[usage = { models: [], windows: [] }], view, linkedBudget] = await Promise.all([
    readUsage(deps, [draft.key], nowMs),
    viewKey(deps, draft.key, nowMs),
    findLinkedBudget(deps, draft.key),
  ]);
  return { ...view, secrets, usage, linkedBudget, status: keyStatus(draft.key, nowMs) };
}

/**
 * The living first: an address may be one of both. A secret that a living key once had finds nothing, as ever: it would say
 * whose it was.
 */
function withDeleted(keys: Pick<KeyStore, 'find'>): Pick<KeyStore, 'find'> {
  return {
    find: async (address) => {
      const live = await keys.find(address);
      if (live !== undefined) return live;
      const past = await keys.find(address, { includeDeleted: true });
      return past === undefined || past.deletedAtMs === null ? undefined : past;
    },
  };
}
