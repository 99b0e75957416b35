import type { Actor, AuditAction, AuditEntry } from '../../core/audit.ts';
import { describeChange, maskSecretsInText, type WireNames } from '../../core/audit-values.ts';

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
  /** What people call it; null: taken from the record. */
  objectName?: string | null;
  before: object | null;
  after: object | null;
}

const WIRE_NAMES: Readonly<Record<AuditTable, WireNames>> = {
  LiteLLM_UserTable: { id: 'user_id', alias: 'user_alias', email: 'user_email', role: 'user_role' },
  LiteLLM_TeamTable: { id: 'team_id', alias: 'team_alias', memberPermissions: 'team_member_permissions' },
  LiteLLM_TeamMembership: {},
  LiteLLM_OrganizationTable: { id: 'organization_id', alias: 'organization_alias' },
  LiteLLM_OrganizationMembership: { role: 'user_role' },
  LiteLLM_EndUserTable: { id: 'user_id' },
  LiteLLM_BudgetTable: { id: 'budget_id' },
  LiteLLM_TagTable: { id: 'name' },
  LiteLLM_ProxyModelTable: { id: 'model_id', params: 'litellm_params', info: 'model_info' },
};

/** In the order of how well they tell who or what it is. */
const NAMING_FIELDS = ['alias', 'email', 'modelName'] as const;

/**
 * The audit row of one act on one object. Creation and deletion keep the whole record, so that it stays readable after it
 * is gone; every other act keeps just the fields that changed. Credentials are masked.
 */
export function buildOwnerAudit(
  deps: { newId(prefix: string): string },
  actor: Actor,
  nowMs: number,
  { action, table, objectId, objectName, before, after }: OwnerAct,
): AuditEntry {
  return {
    ...actor,
    id: deps.newId('audit_'),
    atMs: nowMs,
    action,
    tableName: table,
    objectId,
    objectKeyId: null,
    objectName: objectName ?? nameOf(before) ?? nameOf(after),
    ...describeChange(before, after, WIRE_NAMES[table]),
  };
}

/** A record with what it had spent, where that was set; else the record. */
export function withSpend(record: object | null, spendNanoUsd: number | undefined): object | null {
  return record === null || spendNanoUsd === undefined ? record : { ...record, spendNanoUsd };
}

function nameOf(record: object | null): string | null {
  for (const field of NAMING_FIELDS) {
    const value = (record as Record<string, unknown> | null)?.[field];
    if (typeof value === 'string' && value !== '') return maskSecretsInText(value);
  }
  return null;
}
