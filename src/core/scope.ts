/**
 * Whose rows a reading request may touch. Stores take it as an argument that cannot be left out and put it into the
 * query itself, so a handler cannot forget it. The parts are joined by OR; empty everywhere: nothing.
 */
export type Scope = 'all' | OwnedScope;

export interface OwnedScope {
  /** Rows that belong to these users. */
  userIds: readonly string[];
  /** Rows that belong to these teams. */
  teamIds: readonly string[];
  /** Rows that belong to these organisations. */
  organizationIds: readonly string[];
  /** These keys' rows. */
  keyIds: readonly string[];
  /** Keys that these users made, whoever has them now; where one is in a team or an organisation, only in those below. */
  creatorIds: readonly string[];
  creatorTeamIds: readonly string[];
  creatorOrganizationIds: readonly string[];
  /** Of these teams, the keys that belong to no user. */
  sharedTeamIds: readonly string[];
}

export const NOTHING: OwnedScope = Object.freeze({
  userIds: [],
  teamIds: [],
  organizationIds: [],
  keyIds: [],
  creatorIds: [],
  creatorTeamIds: [],
  creatorOrganizationIds: [],
  sharedTeamIds: [],
});
