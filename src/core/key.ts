import type { JsonObject } from './json.ts';

/** `standard` admits while anything remains; `hard` is never exceeded, whatever the upstream answers. */
export type BudgetMode = 'standard' | 'hard';

export interface ModelBudget {
  maxBudgetNanoUsd: number;
  /** Null: a lifetime budget. */
  budgetDuration: string | null;
}

/**
 * A virtual key as stored. The secret itself is never here: only its hash and its mask.
 * Null means "not set" for every optional limit, which is not the same as 0 ("nothing allowed").
 */
export interface KeyRecord {
  /** Immutable name of the key, `key_…`. Spend, limits and history hang on it, not on the secret. */
  keyId: string;
  /** SHA-256 of the current secret, lower-case hex. LiteLLM's `token`. */
  hash: string;
  /** `sk-...abcd`; null when DISABLE_KEY_NAME is on. LiteLLM's `key_name`. */
  mask: string | null;
  alias: string | null;
  userId: string | null;
  teamId: string | null;
  organizationId: string | null;
  budgetId: string | null;
  /** Empty: all models of the proxy (or the team's). */
  models: readonly string[];
  /** Requested name → name to use instead. */
  aliases: Readonly<Record<string, string>>;
  maxBudgetNanoUsd: number | null;
  softBudgetNanoUsd: number | null;
  budgetDuration: string | null;
  /** Null: `general_settings.budget_mode`. */
  budgetMode: BudgetMode | null;
  modelMaxBudget: Readonly<Record<string, ModelBudget>>;
  rpmLimit: number | null;
  tpmLimit: number | null;
  maxParallelRequests: number | null;
  /**
   * Free JSON, replaced as a whole by an update that names it. These names in it have a meaning:
   * tags, guardrails, model_rpm_limit, model_tpm_limit, tag_rpm_limit, rpm_limit_type, tpm_limit_type, logging,
   * spend_logs_metadata, end_user_budget_id.
   */
  metadata: JsonObject;
  permissions: JsonObject;
  config: JsonObject;
  allowedCacheControls: readonly string[];
  /** Routes the key may call; empty = those its role may. */
  allowedRoutes: readonly string[];
  /** Addresses and CIDR ranges from which the key may call; empty = from everywhere. */
  allowedIps: readonly string[];
  blocked: boolean | null;
  expiresAtMs: number | null;
  createdAtMs: number;
  createdBy: string;
  updatedAtMs: number;
  updatedBy: string;
  /** Who made or changed the key for its user; from then on that user may narrow it and never widen it. Null: nobody. */
  governedBy: string | null;
  lastActiveAtMs: number | null;
  rotationCount: number;
  lastRotationAtMs: number | null;
  autoRotate: boolean;
  rotationInterval: string | null;
  /** When the next rotation on a timer is due; null without one. */
  keyRotationAtMs: number | null;
  /** Set while a due rotation waits for the holder of the secret to claim the new one: who has not by then is overdue. */
  rotationClaimUntilMs: number | null;
  /** Nobody has claimed the new secret in time. The present one goes on working. */
  rotationOverdue: boolean;
  /** Fields that are stored and returned as given (router_settings, object_permission, policies, project_id, …). */
  extra: JsonObject;
  /** Set once deleted: the row stays for history, addressable by key_id and hash, no longer by alias. */
  deletedAtMs: number | null;
  deletedBy: string | null;
}

/** Presets of allowed_routes that a key can be made with; kept beside the routes, in `extra`. */
export const KEY_TYPES = ['llm_api', 'management', 'read_only', 'default'] as const;

/** One secret that opens a key. A key has one, or two while a rotation's grace period runs. */
export interface KeySecret {
  hash: string;
  keyId: string;
  createdAtMs: number;
  /** From this moment on the secret is dead; null for the current one. */
  revokedAtMs: number | null;
}

/** Key tags live in metadata, as in LiteLLM. */
export function keyTags(key: Pick<KeyRecord, 'metadata'>): string[] {
  const tags = key.metadata.tags;
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [];
}

/** The budget row for customers on whose behalf the key calls and that have none of their own; in metadata, as in LiteLLM. */
export function endUserBudgetIdOf(key: Pick<KeyRecord, 'metadata'>): string | undefined {
  const { end_user_budget_id: id } = key.metadata;
  return typeof id === 'string' && id !== '' ? id : undefined;
}
