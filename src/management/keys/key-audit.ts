import type { Actor, AuditAction, AuditEntry } from '../../core/audit.ts';
import { describeChange, maskSecretsInText, type WireNames } from '../../core/audit-values.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyManagement } from './key-management.ts';

/** LiteLLM's name for the table of keys, by which audit readers look for them. */
const KEY_TABLE = 'LiteLLM_VerificationToken';

const WIRE_NAMES: WireNames = {
  hash: 'token',
  mask: 'key_name',
  alias: 'key_alias',
  expiresAtMs: 'expires',
  lastActiveAtMs: 'last_active',
};

export interface KeyAct {
  action: AuditAction;
  before: KeyRecord | null;
  after: KeyRecord | null;
  /** Spend before and after, where the act moved it. */
  spend?: { beforeNanoUsd: number; afterNanoUsd: number };
}

/**
 * The audit row of one act on a key. Creation and deletion keep the whole public record, so that a key stays readable
 * after it is gone; every other act keeps just the fields that changed. No secret is in either.
 */
export function buildKeyAudit(
  deps: Pick<KeyManagement, 'newId'>,
  actor: Actor,
  nowMs: number,
  { action, before, after, spend }: KeyAct,
): AuditEntry {
  const key = before ?? after;
  const name = key?.alias ?? key?.mask ?? null;
  return {
    ...actor,
    id: deps.newId('audit_'),
    atMs: nowMs,
    action,
    tableName: KEY_TABLE,
    objectId: key?.hash ?? '',
    objectKeyId: key?.keyId ?? null,
    objectName: name === null ? null : maskSecretsInText(name),
    ...describeChange(withSpend(before, spend?.beforeNanoUsd), withSpend(after, spend?.afterNanoUsd), WIRE_NAMES),
  };
}

function withSpend(key: KeyRecord | null, spendNanoUsd: number | undefined): object | null {
  return key === null || spendNanoUsd === undefined ? key : { ...key, spendNanoUsd };
}
