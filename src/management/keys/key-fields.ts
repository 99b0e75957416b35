import type { Json, JsonObject } from '../../core/json.ts';
import type { BudgetMode, ModelBudget } from '../../core/key.ts';
import type { ModelRates } from '../../core/limits.ts';

/**
 * What a request says about a key's fields. Three-valued: absent = not mentioned (generate: the default, update: keep),
 * null = no value (clears), anything else = that value; 0 is a value. Money in nano-dollars, possibly NaN or infinite
 * until `assertKeyFields` has looked at it.
 */
export interface KeyFields {
  alias?: string | null;
  /** Lifetime from now; null or `-1`: never expires. Not stored: `expiresAtMs` is. */
  duration?: string | null;
  userId?: string | null;
  teamId?: string | null;
  organizationId?: string | null;
  budgetId?: string | null;
  models?: readonly string[] | null;
  aliases?: Readonly<Record<string, string>> | null;
  /** Starting or corrected spend. A movement of the key's balance, not a field of its row. */
  spendNanoUsd?: number | null;
  maxBudgetNanoUsd?: number | null;
  softBudgetNanoUsd?: number | null;
  budgetDuration?: string | null;
  budgetMode?: BudgetMode | null;
  modelMaxBudget?: Readonly<Record<string, ModelBudget>> | null;
  /** Said beside the budgets of models; kept as their `model_rpm_limit` and `model_tpm_limit`. */
  modelRates?: ModelRates;
  rpmLimit?: number | null;
  tpmLimit?: number | null;
  maxParallelRequests?: number | null;
  /** Replaces the stored metadata as a whole. */
  metadata?: JsonObject | null;
  /** Fields of the request that live in metadata (tags, model_rpm_limit, …), by their name there; null takes one out. */
  inMetadata?: Readonly<Record<string, Json>>;
  permissions?: JsonObject | null;
  config?: JsonObject | null;
  allowedCacheControls?: readonly string[] | null;
  allowedRoutes?: readonly string[] | null;
  allowedIps?: readonly string[] | null;
  blocked?: boolean | null;
  autoRotate?: boolean | null;
  rotationInterval?: string | null;
  /** Fields that are stored and returned as given, by wire name; null takes one out. */
  extra?: Readonly<Record<string, Json>>;
}
