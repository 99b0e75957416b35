import type { JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { OwnerUpperBounds } from '../../core/key-limits.ts';
import type { KeyListQuery } from '../../storage/storage.ts';
import type { KeyView } from '../keys/view-key.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import type { UserDefaults } from '../users/user-management.ts';
import type { TeamFields } from './team-fields.ts';

export interface TeamSettings {
  /** `default_team_params`: for what a new team's request leaves out. */
  defaults: TeamFields;
  /** `upperbound_team_params`: what no team may have more of. */
  upperBounds: OwnerUpperBounds;
  /** `default_internal_user_params.available_teams`: teams that anybody may join. */
  availableTeamIds: readonly string[];
  /** Whether an administrator of the proxy who makes a team becomes its admin, as everybody else does. */
  seatsAdmins: boolean;
  /** `default_team_settings`: metadata that a team's log destinations are read from where it has none, by team. */
  callbacks: ReadonlyMap<string, JsonObject>;
}

/** What the team verbs ask of the world. */
export interface TeamManagement extends OwnerManagement {
  /** For members who are no users yet. */
  userDefaults: UserDefaults;
  settings: TeamSettings;
  listKeys(query: KeyListQuery): Promise<{ keys: KeyRecord[]; total: number }>;
  viewKeys(keys: readonly KeyRecord[]): Promise<KeyView[]>;
  /** How many keys each of these teams has; none without keys. */
  countKeys(teamIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
