/**
 * `litellm_settings.key_generation_settings`: who may have keys made in a team and who outside of teams, and what a
 * request for either has to say. They narrow what roles and members' permissions allow and never widen it.
 */
import type { Caller } from './caller.ts';
import { GatewayError } from './gateway-error.ts';
import type { TeamRecord, TeamRole, UserRole } from './owner-records.ts';
import { isAdmin, mayManageTeam } from './rights.ts';

export interface KeyGenerationRules {
  readonly team: {
    /** Null: every member whom the team's permissions let. */
    readonly memberRoles: readonly TeamRole[] | null;
    /** Fields of the request, by their names on the wire. */
    readonly requiredParams: readonly string[];
  };
  /** For keys that belong to no team. */
  readonly personal: {
    /** Null: whoever may make keys at all. */
    readonly userRoles: readonly UserRole[] | null;
    readonly requiredParams: readonly string[];
  };
}

/** No rule. */
export const FREE_GENERATION: KeyGenerationRules = Object.freeze({
  team: Object.freeze({ memberRoles: null, requiredParams: Object.freeze([]) }),
  personal: Object.freeze({ userRoles: null, requiredParams: Object.freeze([]) }),
});

/**
 * Why the rules forbid a new key in this team (null: in none), or undefined. `given`: names of the fields that the
 * request fills. The rules for teams do not bind administrators of the proxy; those for personal keys bind everybody.
 * Refusals are `management_refused` (400) with the field in `param`.
 */
export function refuseGeneration(
  { team: teamRules, personal }: KeyGenerationRules,
  caller: Caller,
  team: TeamRecord | null,
  given: ReadonlySet<string>,
): GatewayError | undefined {
  if (team !== null) {
    if (isAdmin(caller)) return undefined;
    return refuseMemberRole(teamRules.memberRoles, caller, team) ?? refuseMissing(teamRules.requiredParams, given);
  }
  const { userRoles, requiredParams } = personal;
  if (userRoles !== null && !userRoles.some((role) => role === caller.role)) {
    return refuse(
      'user_role',
      `Personal key creation has been restricted by admin. Allowed roles=${list(userRoles)}. Your role=${caller.role}. ` +
        'Make the key in a team, with team_id.',
    );
  }
  return refuseMissing(requiredParams, given);
}

/**
 * Why a key may not go into a team that there is not. Administrators may do so as long as there are no rules, which such a
 * team would be the way around.
 */
export function refuseUnknownTeam({ team, personal }: KeyGenerationRules, teamId: string): GatewayError | undefined {
  const hasRules =
    (team.memberRoles ?? personal.userRoles) !== null ||
    team.requiredParams.length + personal.requiredParams.length > 0;
  if (!hasRules) return undefined;
  return refuse('team_id', `Unable to find team object in database. Team ID: ${teamId}`);
}

/** Why the caller's part in the team forbids keys there, new ones and ones that are moved there, or undefined. */
export function refuseMemberRole(
  roles: readonly TeamRole[] | null,
  caller: Caller,
  team: TeamRecord,
): GatewayError | undefined {
  if (roles === null || isAdmin(caller)) return undefined;
  // The administrators of the team's organisation are administrators of the team.
  const role: TeamRole = mayManageTeam(caller, team) ? 'admin' : 'user';
  if (roles.includes(role)) return undefined;
  return refuse('team_id', `Team member role ${role} not in allowed_team_member_roles=${list(roles)}`);
}

function refuseMissing(required: readonly string[], given: ReadonlySet<string>): GatewayError | undefined {
  const missing = required.find((name) => !given.has(name));
  if (missing === undefined) return undefined;
  return refuse(
    missing,
    `Required param ${missing} not in data. Keys of this kind must say it (key_generation_settings).`,
  );
}

function refuse(param: string, message: string): GatewayError {
  return new GatewayError('management_refused', message, { param });
}

function list(words: readonly string[]): string {
  return `[${words.map((word) => `'${word}'`).join(', ')}]`;
}
