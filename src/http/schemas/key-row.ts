/**
 * A key as it is shown: the one place where a stored key becomes snake_case, dollars and ISO times. Nothing in it is a
 * secret: the key's own is not stored, and those of its log destinations are masked.
 */
import { z } from 'zod';
import { maskCallbackSecrets } from '../../core/callback-secrets.ts';
import type { KeyRecord } from '../../core/key.ts';
import { toUsd } from '../../core/money.ts';
import type { KeyView } from '../../management/keys/view-key.ts';
import { toIsoTime, toIsoTimeOrNull } from './iso-time.ts';
import { fromModelBudgets } from './model-max-budget.ts';

const Text = z.string().nullable();
const Count = z.number().nullable();
const Open = z.record(z.string(), z.unknown());

/** Columns of LiteLLM's key table, and `key_id`, `budget_mode`, `soft_budget`. */
export const KeyRow = z.looseObject({
  token: z.string().describe('SHA-256 of the secret; names the key, opens nothing.'),
  key_id: z.string().describe('Never changes, whatever becomes of the secret.'),
  key_name: Text.describe('Mask of the secret.'),
  key_alias: Text,
  key_type: z.unknown().describe('The preset of allowed_routes that the key was made with.'),
  spend: z.number().describe('US dollars spent in the current budget window; what enforcement uses.'),
  soft_budget_cooldown: z.boolean(),
  expires: Text,
  models: z.array(z.string()),
  aliases: z.record(z.string(), z.string()),
  config: Open,
  router_settings: z.unknown(),
  user_id: Text,
  team_id: Text,
  agent_id: z.unknown(),
  project_id: z.unknown(),
  organization_id: Text,
  permissions: Open,
  max_parallel_requests: Count,
  metadata: Open,
  blocked: z.boolean().nullable(),
  tpm_limit: Count,
  rpm_limit: Count,
  max_budget: Count,
  soft_budget: Count,
  budget_duration: Text,
  budget_reset_at: Text.describe('End of the current budget window.'),
  budget_mode: Text,
  budget_limits: z.unknown(),
  allowed_cache_controls: z.array(z.string()),
  allowed_routes: z.array(z.string()),
  allowed_ips: z.array(z.string()),
  policies: z.unknown(),
  access_group_ids: z.unknown(),
  model_spend: Open,
  model_max_budget: Open,
  budget_id: Text,
  litellm_budget_table: Open.nullable().describe(
    "The key's soft budget, else (in /key/info) the row that budget_id names.",
  ),
  object_permission_id: z.null(),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
  updated_by: z.string(),
  governed_by: Text.describe('Who made or changed the key for its user, who may then narrow it only.'),
  last_active: Text,
  rotation_count: z.number(),
  auto_rotate: z.boolean(),
  rotation_interval: Text,
  last_rotation_at: Text,
  key_rotation_at: Text.describe('When the next rotation by itself is due, with auto_rotate and rotation_interval.'),
});

export type KeyRowBody = z.output<typeof KeyRow>;

export function fromKeyView({ key, spendNanoUsd, budgetResetAtMs, budgetLimits }: KeyView): KeyRowBody {
  return {
    router_settings: null,
    agent_id: null,
    project_id: null,
    key_type: null,
    policies: [],
    access_group_ids: [],
    ...key.extra,
    token: key.hash,
    key_id: key.keyId,
    key_name: key.mask,
    key_alias: key.alias,
    spend: toUsd(spendNanoUsd),
    soft_budget_cooldown: false,
    expires: toIsoTimeOrNull(key.expiresAtMs),
    models: [...key.models],
    aliases: { ...key.aliases },
    config: key.config,
    user_id: key.userId,
    team_id: key.teamId,
    organization_id: key.organizationId,
    permissions: key.permissions,
    max_parallel_requests: key.maxParallelRequests,
    metadata: maskCallbackSecrets(key.metadata),
    blocked: key.blocked,
    tpm_limit: key.tpmLimit,
    rpm_limit: key.rpmLimit,
    max_budget: toUsdOrNull(key.maxBudgetNanoUsd),
    soft_budget: toUsdOrNull(key.softBudgetNanoUsd),
    budget_duration: key.budgetDuration,
    budget_reset_at: toIsoTimeOrNull(budgetResetAtMs),
    budget_mode: key.budgetMode,
    budget_limits:
      key.extra.budget_limits === undefined
        ? null
        : budgetLimits.map(({ limit, resetAtMs }) => ({ ...limit, reset_at: toIsoTimeOrNull(resetAtMs) })),
    allowed_cache_controls: [...key.allowedCacheControls],
    allowed_routes: [...key.allowedRoutes],
    allowed_ips: [...key.allowedIps],
    model_spend: {},
    model_max_budget: fromModelBudgets(key.modelMaxBudget),
    budget_id: key.budgetId,
    litellm_budget_table: toBudgetRow(key),
    object_permission_id: null,
    created_at: toIsoTime(key.createdAtMs),
    created_by: key.createdBy,
    updated_at: toIsoTime(key.updatedAtMs),
    updated_by: key.updatedBy,
    governed_by: key.governedBy,
    last_active: toIsoTimeOrNull(key.lastActiveAtMs),
    rotation_count: key.rotationCount,
    auto_rotate: key.autoRotate,
    rotation_interval: key.rotationInterval,
    last_rotation_at: toIsoTimeOrNull(key.lastRotationAtMs),
    key_rotation_at: toIsoTimeOrNull(key.keyRotationAtMs),
    ...(key.deletedAtMs === null ? {} : { deleted_at: toIsoTime(key.deletedAtMs), deleted_by: key.deletedBy }),
  };
}

/** The budget row that LiteLLM keeps for a soft budget. The hard budget stands on the key itself. */
function toBudgetRow(key: KeyRecord): Record<string, unknown> | null {
  if (key.softBudgetNanoUsd === null) return null;
  return {
    budget_id: key.budgetId,
    soft_budget: toUsd(key.softBudgetNanoUsd),
    max_budget: null,
    max_parallel_requests: null,
    tpm_limit: null,
    rpm_limit: null,
    model_max_budget: null,
    budget_duration: null,
    budget_reset_at: null,
  };
}

function toUsdOrNull(nanoUsd: number | null): number | null {
  return nanoUsd === null ? null : toUsd(nanoUsd);
}
