import type { Insertable, Selectable } from 'kysely';
import type { BudgetMode, KeyRecord } from '../../core/key.ts';
import type { KeysTable } from '../database.ts';

/** The columns that make up a KeyRecord; search_text is derived and never read back. */
export const KEY_COLUMNS = [
  'keys.key_id',
  'keys.hash',
  'keys.mask',
  'keys.alias',
  'keys.user_id',
  'keys.team_id',
  'keys.organization_id',
  'keys.budget_id',
  'keys.models',
  'keys.aliases',
  'keys.max_budget_nano_usd',
  'keys.soft_budget_nano_usd',
  'keys.budget_duration',
  'keys.budget_mode',
  'keys.model_max_budget',
  'keys.rpm_limit',
  'keys.tpm_limit',
  'keys.max_parallel_requests',
  'keys.metadata',
  'keys.permissions',
  'keys.config',
  'keys.allowed_cache_controls',
  'keys.allowed_routes',
  'keys.blocked',
  'keys.expires_at_ms',
  'keys.created_at_ms',
  'keys.created_by',
  'keys.updated_at_ms',
  'keys.updated_by',
  'keys.last_active_at_ms',
  'keys.rotation_count',
  'keys.last_rotation_at_ms',
  'keys.auto_rotate',
  'keys.rotation_interval',
  'keys.extra',
  'keys.deleted_at_ms',
  'keys.deleted_by',
] as const;

export type KeyRow = Omit<Selectable<KeysTable>, 'search_text'>;

export function toKeyRow(key: KeyRecord): Insertable<KeysTable> {
  return {
    key_id: key.keyId,
    hash: key.hash,
    mask: key.mask,
    alias: key.alias,
    user_id: key.userId,
    team_id: key.teamId,
    organization_id: key.organizationId,
    budget_id: key.budgetId,
    models: JSON.stringify(key.models),
    aliases: JSON.stringify(key.aliases),
    max_budget_nano_usd: key.maxBudgetNanoUsd,
    soft_budget_nano_usd: key.softBudgetNanoUsd,
    budget_duration: key.budgetDuration,
    budget_mode: key.budgetMode,
    model_max_budget: JSON.stringify(key.modelMaxBudget),
    rpm_limit: key.rpmLimit,
    tpm_limit: key.tpmLimit,
    max_parallel_requests: key.maxParallelRequests,
    metadata: JSON.stringify(key.metadata),
    permissions: JSON.stringify(key.permissions),
    config: JSON.stringify(key.config),
    allowed_cache_controls: JSON.stringify(key.allowedCacheControls),
    allowed_routes: JSON.stringify(key.allowedRoutes),
    blocked: key.blocked === null ? null : Number(key.blocked),
    expires_at_ms: key.expiresAtMs,
    created_at_ms: key.createdAtMs,
    created_by: key.createdBy,
    updated_at_ms: key.updatedAtMs,
    updated_by: key.updatedBy,
    last_active_at_ms: key.lastActiveAtMs,
    rotation_count: key.rotationCount,
    last_rotation_at_ms: key.lastRotationAtMs,
    auto_rotate: Number(key.autoRotate),
    rotation_interval: key.rotationInterval,
    extra: JSON.stringify(key.extra),
    deleted_at_ms: key.deletedAtMs,
    deleted_by: key.deletedBy,
    search_text: toSearchText(key),
  };
}

export function fromKeyRow(row: KeyRow): KeyRecord {
  return {
    keyId: row.key_id,
    hash: row.hash,
    mask: row.mask,
    alias: row.alias,
    userId: row.user_id,
    teamId: row.team_id,
    organizationId: row.organization_id,
    budgetId: row.budget_id,
    models: JSON.parse(row.models),
    aliases: JSON.parse(row.aliases),
    maxBudgetNanoUsd: row.max_budget_nano_usd,
    softBudgetNanoUsd: row.soft_budget_nano_usd,
    budgetDuration: row.budget_duration,
    budgetMode: row.budget_mode as BudgetMode | null,
    modelMaxBudget: JSON.parse(row.model_max_budget),
    rpmLimit: row.rpm_limit,
    tpmLimit: row.tpm_limit,
    maxParallelRequests: row.max_parallel_requests,
    metadata: JSON.parse(row.metadata),
    permissions: JSON.parse(row.permissions),
    config: JSON.parse(row.config),
    allowedCacheControls: JSON.parse(row.allowed_cache_controls),
    allowedRoutes: JSON.parse(row.allowed_routes),
    blocked: row.blocked === null ? null : row.blocked !== 0,
    expiresAtMs: row.expires_at_ms,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    updatedAtMs: row.updated_at_ms,
    updatedBy: row.updated_by,
    lastActiveAtMs: row.last_active_at_ms,
    rotationCount: row.rotation_count,
    lastRotationAtMs: row.last_rotation_at_ms,
    autoRotate: row.auto_rotate !== 0,
    rotationInterval: row.rotation_interval,
    extra: JSON.parse(row.extra),
    deletedAtMs: row.deleted_at_ms,
    deletedBy: row.deleted_by,
  };
}

/** Lower case here and in the search term, so that both databases agree on what a small letter is. */
function toSearchText(key: KeyRecord): string {
  return [key.alias, key.keyId, key.mask, key.userId]
    .filter((part) => part !== null)
    .join('\n')
    .toLowerCase();
}
