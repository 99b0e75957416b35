import type { Json, JsonObject } from '../../core/json.ts';
import type { LimitFields } from '../owners/limit-fields.ts';

/** What each member may use up where nothing is said of that member: `team_member_budget` and its like. */
export type MemberDefaults = Pick<LimitFields, 'maxBudgetNanoUsd' | 'budgetDuration' | 'rpmLimit' | 'tpmLimit'>;

/**
 * What a request says about a team. Three-valued: absent = not mentioned, null = no value (clears), anything else = that
 * value. Nothing in it has been checked.
 */
export interface TeamFields {
  alias?: string | null;
  organizationId?: string | null;
  budgetId?: string | null;
  models?: readonly string[] | null;
  modelAliases?: Readonly<Record<string, string>> | null;
  memberPermissions?: readonly string[] | null;
  blocked?: boolean | null;
  /** Given: replaces the stored metadata as a whole. */
  metadata?: JsonObject | null;
  /** Instead: laid over the stored metadata member by member, at every depth; null takes a member out (RFC 7386). */
  metadataPatch?: JsonObject;
  /** Fields that LiteLLM keeps inside metadata, by wire name; null takes one out. */
  inMetadata: Readonly<Record<string, Json>>;
  /** Fields that are stored and returned as given, by wire name; null takes one out. */
  extra: Readonly<Record<string, Json>>;
  limits: LimitFields;
  memberDefaults: MemberDefaults;
}
