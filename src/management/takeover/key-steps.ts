/** How keys are taken over, those in use and those that were deleted. */
import type { Actor } from '../../core/audit.ts';
import type { KeyRecord, KeySecret } from '../../core/key.ts';
import { keyLimits } from '../../core/owner-policy.ts';
import { buildKeyAudit } from '../keys/key-audit.ts';
import { mapKey } from './map-key.ts';
import { NO_DAILY_TOKENS, nameIn } from './owner-steps.ts';
import { readPreviousSecret } from './read-previous-secret.ts';
import { withSealedSecrets } from './seal-secrets.ts';
import type { Draft, TableStep } from './take-table.ts';
import type { TakeoverTarget } from './takeover.ts';

const UNUSED = {
  key_name: null,
  soft_budget_cooldown: null,
  model_spend: null,
  linked_reset_at: null,
  settings_updated_at: null,
  tpd_limit: NO_DAILY_TOKENS,
  object_permission_id: 'is not enforced here, so it was not taken over',
} as const;

/** A key on its way here, with the secret that it had before where that one still opens it. */
interface TakenKey extends KeyRecord {
  previous?: KeySecret | null;
}

export function keyStep(deps: TakeoverTarget, actor: Actor): TableStep<TakenKey> {
  return {
    table: { name: 'LiteLLM_VerificationToken', key: ['token'], unique: { column: 'key_alias' } },
    idOf: (values) => nameIn(values, 'token'),
    map(row, { place }, hash) {
      const key = withSealedSecrets(deps, mapKey(row, hash, deps.nowMs(), place));
      return key && { ...key, previous: readPreviousSecret(row, key, deps.nowMs()) };
    },
    spender: ({ keyId }) => ({ kind: 'key', id: keyId }),
    limitsOf: (key) => ({ ...keyLimits(key), budgetId: key.budgetId }),
    async settle(drafts) {
      await settleNames(deps, drafts);
      await settlePrevious(deps, drafts);
    },
    async find(drafts) {
      const known = await deps.known.keysById(drafts.map(({ record }) => record.keyId));
      const found = new Map<string, KeyRecord>();
      for (const { id, record } of drafts) {
        const key = known.get(record.keyId);
        if (key !== undefined) found.set(id, key);
      }
      return found;
    },
    // What became of it here since is no difference between the two.
    comparable: ({ previous: _, ...key }) => key,
    async insert(unit, { previous = null, ...key }) {
      await unit.keys.insert(key, previous);
      return true;
    },
    audit: ({ previous, ...key }, nanoUsd) =>
      buildKeyAudit(deps, actor, deps.nowMs(), {
        action: 'created',
        before: null,
        after: withPrevious(key, previous ?? null),
        ...(nanoUsd === 0 ? {} : { spend: { beforeNanoUsd: 0, afterNanoUsd: nanoUsd } }),
      }),
    unused: UNUSED,
  };
}

/** They stay deleted: for history, and so that their hashes cannot come back as other keys. */
export function deletedKeyStep(deps: TakeoverTarget, actor: Actor): TableStep<KeyRecord> {
  const living = keyStep(deps, actor);
  return {
    ...living,
    table: { name: 'LiteLLM_DeletedVerificationToken', key: ['token', 'id'], unique: { column: 'token' } },
    map(row, { place }, hash) {
      if (place > 1) row.note('token', 'an older row tells of the same key', 'row');
      const deletedAtMs = row.time('deleted_at') ?? deps.nowMs();
      const deletedBy = row.text('deleted_by') ?? 'unknown';
      const key = withSealedSecrets(deps, mapKey(row, hash, deps.nowMs(), 1));
      return key && { ...key, deletedAtMs, deletedBy };
    },
    settle: (drafts) => refuseKnownHashes(deps, drafts),
    async insert(unit, key) {
      await unit.keys.insert(key);
      await unit.keys.remove(key, { atMs: key.deletedAtMs ?? unit.nowMs, by: key.deletedBy ?? 'unknown' });
      return true;
    },
    unused: { ...UNUSED, deleted_by_api_key: null, litellm_changed_by: null },
  };
}

/** A hash or an alias may be another key's here. */
export async function settleNames(deps: TakeoverTarget, drafts: readonly Draft<KeyRecord>[]): Promise<void> {
  await refuseKnownHashes(deps, drafts);
  const aliases = await deps.known.keyIdsByAlias(drafts.flatMap(({ record }) => record.alias ?? []));
  for (const draft of drafts) {
    const holder = draft.record.alias === null ? undefined : aliases.get(draft.record.alias);
    if (holder === undefined || holder === draft.record.keyId) continue;
    draft.row.note('key_alias', `belongs to ${holder} here; this key goes without`);
    draft.record = { ...draft.record, alias: null };
  }
}

/** A secret that opened the key before may open another one here: that one keeps it. */
async function settlePrevious(deps: TakeoverTarget, drafts: readonly Draft<TakenKey>[]): Promise<void> {
  const holders = await deps.known.keyIdsByHash(drafts.flatMap(({ record }) => record.previous?.hash ?? []));
  for (const draft of drafts) {
    const { previous, keyId } = draft.record;
    const holder = previous == null ? undefined : holders.get(previous.hash);
    if (previous == null || holder === undefined || holder === keyId) continue;
    draft.row.note('previous_secrets', `${previous.hash} opens ${holder} here; this key goes without it`);
    draft.record = { ...draft.record, previous: null };
  }
}

/** The record for the audit row: whoever looks for a secret by its hash is to find since when and until when it works. */
function withPrevious(key: KeyRecord, previous: KeySecret | null): KeyRecord {
  if (previous === null) return key;
  const { hash: previousToken, revokedAtMs: previousTokenRevokedAtMs } = previous;
  const told = { ...key, previousToken, previousTokenRevokedAtMs };
  return told;
}

async function refuseKnownHashes(deps: TakeoverTarget, drafts: readonly Draft<KeyRecord>[]): Promise<void> {
  const hashes = await deps.known.keyIdsByHash(drafts.map(({ record }) => record.hash));
  for (const { row, record } of drafts) {
    const holder = hashes.get(record.hash);
    if (holder !== undefined && holder !== record.keyId) row.note('token', `opens ${holder} here`, 'conflict');
  }
}
