/**
 * Whose a key may be made: the user, the team and the organisation that a request names, or that follow from who asks.
 * A key that belongs to a team or an organisation is confined to it, since that one's limits hold for all it does.
 */
import type { Standing } from './call-path.ts';
import type { Caller } from './caller.ts';
import { GatewayError } from './gateway-error.ts';
import { type KeyAct, refuseMember } from './permissions.ts';
import { isAdmin, isOrganizationAdmin, mayManageTeam } from './rights.ts';

export interface KeyOwners {
  userId: string | null;
  teamId: string | null;
  organizationId: string | null;
}

/** What a request leaves open follows from who asks: keys are made where the calling key is, by non-administrators for themselves. */
export function settleOwners(caller: Caller, asked: KeyOwners, act: KeyAct): KeyOwners {
  const { key } = caller;
  return {
    userId: act === 'generate' && !isAdmin(caller) ? (asked.userId ?? caller.userId) : asked.userId,
    teamId: asked.teamId ?? key?.teamId ?? null,
    organizationId: asked.organizationId ?? key?.organizationId ?? null,
  };
}

/**
 * Why the caller may not make, or leave, a key with these owners; undefined: it may. `standing`: who these owners are.
 * To those who may not know, a team that does not exist and one that is not theirs look the same.
 */
export function refuseOwners(
  caller: Caller,
  act: KeyAct,
  owners: KeyOwners,
  standing: Standing,
): GatewayError | undefined {
  const { teamId } = owners;
  if (act === 'generate_service_account' && teamId !== null && standing.path.team === null)
    return noSuchTeam(teamId, act);
  const refusal = refuseOutside(caller, owners, standing);
  // Administrators may name owners that there are not yet: those limit nothing and grant nothing.
  if (refusal !== undefined || isAdmin(caller)) return refusal;
  return teamId === null
    ? refuseOutsideTeams(caller, owners, standing)
    : refuseInTeam(caller, act, { ...owners, teamId }, standing);
}

/** The organisation whose limits count: the key's own, else its team's. */
function organizationOf(owners: KeyOwners, { path }: Standing): string | null {
  return owners.organizationId ?? path.team?.organizationId ?? null;
}

/**
 * What holds for the calling key as a whole must hold for whatever it makes or is shown the secret of, whoever has it.
 * Undefined: it does.
 */
export function refuseOutside({ key, path }: Caller, owners: KeyOwners, standing: Standing): GatewayError | undefined {
  if (key === null) return undefined;
  if (key.teamId !== null && owners.teamId !== key.teamId) {
    return forbidden('team_id', `Your key belongs to team=${key.teamId}, so keys that it makes or rotates do so too.`);
  }
  const own = key.organizationId ?? path.team?.organizationId ?? null;
  if (own !== null && organizationOf(owners, standing) !== own) {
    const message = `Your key belongs to organization=${own}, so keys that it makes or rotates do so too.`;
    return forbidden('organization_id', message);
  }
  return undefined;
}

function refuseInTeam(
  caller: Caller,
  act: KeyAct,
  { userId, teamId, organizationId }: KeyOwners & { teamId: string },
  { path, memberships }: Standing,
): GatewayError | undefined {
  const { team } = path;
  const isMember = caller.memberships.teams.some((member) => member.teamId === teamId);
  if (team === null || !(isMember || mayManageTeam(caller, team))) return noSuchTeam(teamId, act);
  if (organizationId !== null && organizationId !== team.organizationId) {
    return forbidden('organization_id', `team=${teamId} does not belong to organization=${organizationId}.`);
  }
  if (mayManageTeam(caller, team)) {
    const isForMember = userId === null || memberships.teams.some((member) => member.teamId === teamId);
    if (isForMember || userId === caller.userId) return undefined;
    return forbidden('user_id', `user_id=${userId} is not a member of team=${teamId}.`);
  }
  return refuseMember(caller, act, teamId, team) ?? refuseOthers(caller, userId, act);
}

function refuseOutsideTeams(
  caller: Caller,
  { userId, organizationId }: KeyOwners,
  { path, memberships }: Standing,
): GatewayError | undefined {
  if (organizationId === null) return refuseOthers(caller, userId, 'generate');
  const isIn = (places: typeof memberships.organizations) =>
    places.some((place) => place.organizationId === organizationId);
  if (path.organization === null || !isIn(caller.memberships.organizations)) return noSuchOrganization(organizationId);
  if (isOrganizationAdmin(caller, organizationId) && userId !== null) {
    if (isIn(memberships.organizations)) return undefined;
    return forbidden('user_id', `user_id=${userId} is not a member of organization=${organizationId}.`);
  }
  return refuseOthers(caller, userId, 'generate');
}

function refuseOthers(caller: Caller, userId: string | null, act: KeyAct): GatewayError | undefined {
  const isService = userId === null && act === 'generate_service_account';
  if (isService || (userId !== null && userId === caller.userId)) return undefined;
  return forbidden(
    'user_id',
    `User can only create keys for themselves. Got user_id=${userId ?? 'None'}, Your ID=${caller.userId ?? 'None'}`,
  );
}

function noSuchTeam(teamId: string, act: KeyAct): GatewayError {
  const start =
    act === 'generate_service_account'
      ? 'team_id does not exist in the database.'
      : 'Unable to find team object in database.';
  return new GatewayError('bad_request', `${start} There is no team=${teamId}, or you are not in it.`, {
    param: 'team_id',
  });
}

function noSuchOrganization(organizationId: string): GatewayError {
  return new GatewayError('bad_request', `There is no organization=${organizationId}, or you are not in it.`, {
    param: 'organization_id',
  });
}

function forbidden(param: string, message: string): GatewayError {
  return new GatewayError('forbidden', message, { param });
}
