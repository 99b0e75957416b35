import type { Config, TeamDefaults } from '../config/config.ts';
import type { KeyManagement } from '../management/keys/key-management.ts';
import { viewKeys } from '../management/keys/view-key.ts';
import type { OwnerManagement } from '../management/owners/owner-management.ts';
import { writeCallbacks } from '../management/teams/team-callbacks.ts';
import type { TeamFields } from '../management/teams/team-fields.ts';
import type { TeamManagement } from '../management/teams/team-management.ts';

/** What the verbs over teams and organisations ask of the world. */
export function buildTeamManagement(
  { teams, userDefaults }: Pick<Config, 'teams' | 'userDefaults'>,
  ownerManagement: OwnerManagement,
  keyManagement: KeyManagement,
): TeamManagement {
  return {
    ...ownerManagement,
    userDefaults,
    settings: {
      defaults: toTeamFields(teams.defaults),
      upperBounds: teams.upperBounds,
      availableTeamIds: userDefaults.availableTeamIds,
      seatsAdmins: teams.seatsAdmins,
      callbacks: new Map(
        teams.callbacks.map(({ teamId, success, failure, vars }) => [
          teamId,
          writeCallbacks({}, { successCallbacks: success, failureCallbacks: failure, vars: { ...vars } }),
        ]),
      ),
    },
    listKeys: (query) => keyManagement.keys.list(query),
    viewKeys: (keys) => viewKeys(keyManagement, keys, keyManagement.nowMs()),
    countKeys: (teamIds) => keyManagement.keys.countByTeam(teamIds),
  };
}

/** Null means "no default", so it is left out. */
function toTeamFields(defaults: TeamDefaults): TeamFields {
  const { tags, memberMaxBudgetNanoUsd, memberBudgetDuration, memberRpmLimit, memberTpmLimit, ...rest } = defaults;
  const { maxBudgetNanoUsd, budgetDuration, maxParallelRequests, tpmLimit, rpmLimit, ...plain } = rest;
  return {
    ...withoutNulls(plain),
    inMetadata: tags.length === 0 ? {} : { tags: [...tags] },
    extra: {},
    limits: withoutNulls({ maxBudgetNanoUsd, budgetDuration, maxParallelRequests, tpmLimit, rpmLimit }),
    memberDefaults: withoutNulls({
      maxBudgetNanoUsd: memberMaxBudgetNanoUsd,
      budgetDuration: memberBudgetDuration,
      rpmLimit: memberRpmLimit,
      tpmLimit: memberTpmLimit,
    }),
  };
}

function withoutNulls<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<T>;
}
