/**
 * What follows from who a caller is: the questions that every verb asks in its first line. Pure look-ups in the caller's
 * role and memberships; which of them an act needs is the act's own business.
 */
import { ADMIN_USER_ID, type Caller } from './caller.ts';
import { GatewayError } from './gateway-error.ts';
import type { TeamRecord, TeamRole } from './owner-records.ts';
import { NOTHING, type Scope } from './scope.ts';

export function isAdmin({ role }: Caller): boolean {
  return role === 'proxy_admin';
}

/**
 * Whether what is this user's is the caller's own: nobody changes their own role or caps, administrators least of all, whose
 * key or session may be in other hands. The master key, and who signed in with it, are nobody in particular.
 */
export function isOneself({ kind, userId }: Caller, asked: string | null): boolean {
  return kind !== 'master_key' && asked !== null && asked === userId && asked !== ADMIN_USER_ID;
}

/** Administrators, and those who may look at everything and change nothing. */
export function maySeeAll({ role }: Caller): boolean {
  return role === 'proxy_admin' || role === 'proxy_admin_viewer';
}

/** The caller's part in a team; null: it is no member. */
export function teamRoleOf(caller: Caller, teamId: string): TeamRole | null {
  return caller.memberships.teams.find((member) => member.teamId === teamId)?.role ?? null;
}

export function isOrganizationAdmin(caller: Caller, organizationId: string | null): boolean {
  if (organizationId === null) return false;
  return caller.memberships.organizations.some(
    (member) => member.organizationId === organizationId && member.role === 'org_admin',
  );
}

/** Administrators of the proxy, of the team, and of the team's organisation. */
export function mayManageTeam(caller: Caller, team: Pick<TeamRecord, 'id' | 'organizationId'>): boolean {
  return isAdmin(caller) || teamRoleOf(caller, team.id) === 'admin' || isOrganizationAdmin(caller, team.organizationId);
}

/**
 * Whose rows the caller may see in lists: all; or its own, those of teams that it administers, and those of its
 * organisations. Somebody without a user sees nothing but its own key's.
 */
export function scopeOf(caller: Caller): Scope {
  if (maySeeAll(caller)) return 'all';
  return {
    ...NOTHING,
    userIds: caller.userId === null || caller.path.user === null ? [] : [caller.userId],
    teamIds: caller.memberships.teams.filter(({ role }) => role === 'admin').map(({ teamId }) => teamId),
    organizationIds: caller.memberships.organizations
      .filter(({ role }) => role === 'org_admin')
      .map(({ organizationId }) => organizationId),
    keyIds: caller.key === null ? [] : [caller.key.keyId],
  };
}

/**
 * The refusal of somebody who may not do this, in LiteLLM's words: 403 for viewers and where models are changed, 401 for
 * all others.
 */
export function refuseAct(caller: Caller, route: string): GatewayError {
  if (caller.role === 'proxy_admin_viewer' || caller.role === 'internal_user_viewer') {
    return new GatewayError(
      'forbidden',
      `user not allowed to access this route, role=${caller.role}. Trying to access: ${route}`,
    );
  }
  if (route.startsWith('/model/')) {
    return new GatewayError(
      'forbidden',
      'User does not have permission to make this model call: only a proxy admin adds, changes and deletes models. ' +
        `Route=${route}. Your role=${caller.role}`,
    );
  }
  return new GatewayError(
    'not_admin',
    'Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. ' +
      `Route=${route}. Your role=${caller.role}. Your user_id=${caller.userId ?? 'None'}`,
  );
}

/** Throws unless the caller administers the proxy. */
export function assertAdmin(caller: Caller, route: string): void {
  if (!isAdmin(caller)) throw refuseAct(caller, route);
}
