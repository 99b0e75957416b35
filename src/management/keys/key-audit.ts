import type { Actor, AuditAction, AuditEntry } from '../../core/audit.ts';
import { maskCallbackSecrets } from '../../core/callback-secrets.ts';
import type { JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyManagement } from './key-management.ts';

/** LiteLLM's name for the table of keys, by which audit readers look for them. */
const KEY_TABLE = 'LiteLLM_VerificationToken';
/** Changes with every act, and is told by the entry's own time and actor. */
const BOOKKEEPING = ['updatedAtMs', 'updatedBy'];

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
  const was = before === null ? null : toPublicRecord(before);
  const is = after === null ? null : toPublicRecord(after);
  const changed = was === null || is === null ? null : changedNames(was, is);
  return {
    ...actor,
    id: deps.newId('audit_'),
    atMs: nowMs,
    action,
    tableName: KEY_TABLE,
    objectId: (before ?? after)?.hash ?? '',
    before: withSpend(changed === null ? was : pick(was, changed), spend?.beforeNanoUsd),
    after: withSpend(changed === null ? is : pick(is, changed), spend?.afterNanoUsd),
  };
}

/** A record holds a hash and a mask but no secret of the key; those of its log destinations are masked here. */
function toPublicRecord(key: KeyRecord): JsonObject {
  return { ...(structuredClone(key) as object as JsonObject), metadata: maskCallbackSecrets(key.metadata) };
}

function changedNames(was: JsonObject, is: JsonObject): string[] {
  return Object.keys({ ...was, ...is }).filter(
    (name) => !BOOKKEEPING.includes(name) && JSON.stringify(was[name]) !== JSON.stringify(is[name]),
  );
}

function pick(values: JsonObject | null, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, values?.[name] ?? null]));
}

function withSpend(values: JsonObject | null, spendNanoUsd: number | undefined): JsonObject | null {
  return values === null || spendNanoUsd === undefined ? values : { ...values, spendNanoUsd };
}
