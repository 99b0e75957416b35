import type {
  BudgetRecord,
  LimitedOrganizationMember,
  OrganizationMemberRecord,
  OrganizationRecord,
  TeamMemberRecord,
  TeamRecord,
  UserRecord,
} from './owner-records.ts';

/**
 * Who stands behind a caller: the owners whose limits and standing count for its calls. Limits of linked budget rows are
 * filled in. Null: there is none, or the key names one that does not exist (which limits nothing and grants nothing).
 */
export interface CallPath {
  user: UserRecord | null;
  team: TeamRecord | null;
  /** The user in the team. */
  member: TeamMemberRecord | null;
  /** The key's own organisation, else its team's. */
  organization: OrganizationRecord | null;
  /** The user in that organisation; null as well where it is no member, though its team's calls are billed there. */
  organizationMember: LimitedOrganizationMember | null;
  /** The row that the key's `budget_id` names: its limits hold where the key says nothing. */
  keyBudget: BudgetRecord | null;
}

/** Nobody, as behind the master key. */
const NOBODY: CallPath = Object.freeze({
  user: null,
  team: null,
  member: null,
  organization: null,
  organizationMember: null,
  keyBudget: null,
});

/** Where a person belongs, for the decision what they may see and change. */
export interface Memberships {
  teams: readonly TeamMemberRecord[];
  organizations: readonly OrganizationMemberRecord[];
}

const NO_MEMBERSHIPS: Memberships = Object.freeze({
  teams: Object.freeze([]),
  organizations: Object.freeze([]),
});

/** Who stands behind a key or a session. */
export interface Standing {
  path: CallPath;
  memberships: Memberships;
}

export const NO_STANDING: Standing = Object.freeze({ path: NOBODY, memberships: NO_MEMBERSHIPS });
