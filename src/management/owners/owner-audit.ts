import type { Actor, AuditAction, AuditEntry } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';

/** LiteLLM's names for the tables, by which readers of the audit log look for them. */
export type AuditTable =
  | 'LiteLLM_UserTable'
  | 'LiteLLM_TeamTable'
  | 'LiteLLM_TeamMembership'
  | 'LiteLLM_OrganizationTable'
  | 'LiteLLM_OrganizationMembership'
  | 'LiteLLM_EndUserTable'
  | 'LiteLLM_BudgetTable'
  | 'LiteLLM_TagTable'
  | 'LiteLLM_ProxyModelTable';

export interface OwnerAct {
  action: AuditAction;
  table: AuditTable;
  objectId: string;
  /** Records as they may be shown: no secret may be in them. */
  before: object | null;
  after: object | null;
}

/** Changes with every act, and is told by the entry's own time and actor. */
const BOOKKEEPING = ['updatedAtMs', 'updatedBy'];

/**
 * The audit row of one act. Creation and deletion keep the whole record, so that it stays readable after it is gone;
 * every other act keeps just the fields that changed.
 */
export function buildOwnerAudit(
  deps: { newId(prefix: string): string },
  actor: Actor,
  nowMs: number,
  { action, table, objectId, before, after }: OwnerAct,
): AuditEntry {
  const was = before === null ? null : (structuredClone(before) as JsonObject);
  const is = after === null ? null : (structuredClone(after) as JsonObject);
  const whole = was === null || is === null;
  const names = whole ? [] : changedNames(was, is);
  return {
    ...actor,
    id: deps.newId('audit_'),
    atMs: nowMs,
    action,
    tableName: table,
    objectId,
    before: whole ? was : pick(was, names),
    after: whole ? is : pick(is, names),
  };
}

function changedNames(was: JsonObject, is: JsonObject): string[] {
  return Object.keys({ ...was, ...is }).filter(
    (name) => !BOOKKEEPING.includes(name) && JSON.stringify(was[name]) !== JSON.stringify(is[name]),
  );
}

function pick(values: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
}
