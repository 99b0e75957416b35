import type { Actor, AuditAction } from '../../core/audit.ts';
import { ADMIN_USER_ID, type Caller } from '../../core/caller.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyChange } from '../../storage/storage.ts';
import { buildKeyAudit } from './key-audit.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';
import { mergeKeyFields } from './merge-key-fields.ts';
import type { SpendMove } from './move-spend.ts';

export interface KeyRevision {
  action: AuditAction;
  fields: KeyFields;
  /** What changes besides the fields: the secret of a rotation. */
  also?: Partial<KeyRecord>;
  move: SpendMove | null;
  caller: Caller;
  actor: Actor;
  nowMs: number;
}

/** A row and what a request says of it → the change to write: next row, balance movements, audit row. */
export function reviseKey(
  deps: Pick<KeyManagement, 'newId'>,
  current: KeyRecord,
  { action, fields, also, move, caller, actor, nowMs }: KeyRevision,
): KeyChange {
  move?.assertStillFits(current);
  const merged = withSoftBudgetRow(deps, mergeKeyFields(current, fields, nowMs));
  const next: KeyRecord = {
    ...merged,
    ...also,
    governedBy: governorOf(caller, current, merged, fields),
    // Strictly growing, so that two changes within a millisecond can be told apart.
    updatedAtMs: Math.max(nowMs, current.updatedAtMs + 1),
    updatedBy: nameOf(caller),
  };
  const spend = move?.spend == null ? {} : { spend: move.spend };
  return {
    next,
    ...(move === null ? {} : { adjustments: move.adjustments }),
    audit: buildKeyAudit(deps, actor, nowMs, { action, before: current, after: next, ...spend }),
  };
}

/** Whoever sets something of a key that is somebody else's; a rotation alone sets nothing. */
function governorOf(caller: Caller, current: KeyRecord, next: KeyRecord, fields: KeyFields): string | null {
  const isSet = Object.values(fields).some(
    (value) => typeof value !== 'object' || value === null || Object.keys(value).length > 0,
  );
  return isSet && next.userId !== null && next.userId !== caller.userId ? nameOf(caller) : current.governedBy;
}

/** LiteLLM keeps a soft budget in a budget row of its own, which clients see by its id. */
export function withSoftBudgetRow(deps: Pick<KeyManagement, 'newId'>, key: KeyRecord): KeyRecord {
  return key.softBudgetNanoUsd === null || key.budgetId !== null ? key : { ...key, budgetId: deps.newId('budget_') };
}

/** Under which name a caller's doings are recorded on the row. */
export function nameOf(caller: Caller): string {
  return caller.userId ?? ADMIN_USER_ID;
}
