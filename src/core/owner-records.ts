/**
 * Whoever can own keys or have limits, as stored. Records are immutable; a change is a new record.
 * A deleted one keeps its row and its name, so that history stays readable.
 */
import type { JsonObject } from './json.ts';
import type { Limits } from './limits.ts';
import type { Role } from './role.ts';

/** When and by whom a record was made, changed and deleted. */
export interface Stamps {
  createdAtMs: number;
  createdBy: string;
  updatedAtMs: number;
  updatedBy: string;
  deletedAtMs: number | null;
  deletedBy: string | null;
}

/** What all owners but members have. */
export interface OwnerRecord extends Limits, Stamps {
  /** As administrators write it: `user_id`, `team_id`, a tag's name, … Never changes. */
  id: string;
  alias: string | null;
  /** Row of limits that fills what the record leaves open. */
  budgetId: string | null;
  /** Empty: nothing is forbidden at this level. */
  models: readonly string[];
  metadata: JsonObject;
  /** Fields that are stored and returned as given, by wire name. */
  extra: JsonObject;
  blocked: boolean;
}

export interface UserRecord extends OwnerRecord {
  /** Lower case; unique among living users. */
  email: string | null;
  role: UserRole;
}

/** Roles that a user can have. `unknown` is that of a key without a user behind it. */
export type UserRole = Exclude<Role, 'unknown'>;

export interface TeamRecord extends OwnerRecord {
  organizationId: string | null;
  /** Requested model → model to use instead, for every key of the team. */
  modelAliases: Readonly<Record<string, string>>;
  /** Routes that plain members may call for the team; null: the defaults (`/key/info`, `/key/health`). */
  memberPermissions: readonly string[] | null;
}

export type OrganizationRecord = OwnerRecord;

/** A customer: somebody on whose behalf a key calls. */
export interface EndUserRecord extends OwnerRecord {
  /** Only deployments of this region may serve; null: any. */
  allowedModelRegion: string | null;
  /** Called where the customer may not call the model that was asked for. */
  defaultModel: string | null;
}

export interface TagRecord extends OwnerRecord {
  description: string | null;
}

/** Limits under a name, for any number of owners. */
export interface BudgetRecord extends Limits, Stamps {
  id: string;
}

export type TeamRole = 'admin' | 'user';

/** A person in a team, with limits for what that person spends there. */
export interface TeamMemberRecord extends Limits, Stamps {
  teamId: string;
  userId: string;
  role: TeamRole;
  budgetId: string | null;
  /** Of the team's models those that this person may call there. Empty: all that the team may. */
  models: readonly string[];
  /** `temp_budget_increase` and `temp_budget_expiry`, where an administrator has set them. */
  metadata: JsonObject;
}

export type OrganizationRole = 'org_admin' | 'internal_user' | 'internal_user_viewer';

export interface OrganizationMemberRecord extends Stamps {
  organizationId: string;
  userId: string;
  role: OrganizationRole;
  budgetId: string | null;
}

/** With the limits of the row that is linked, which are all that such a member has. */
export interface LimitedOrganizationMember extends OrganizationMemberRecord, Limits {}
