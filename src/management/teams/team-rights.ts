/** Who may do what to a team, and in which words somebody else is refused. */
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import { isAdmin, isOrganizationAdmin, mayManageTeam, maySeeAll, refuseAct } from '../../core/rights.ts';

/** How a request finds that there is no such team; LiteLLM words it differently from route to route. */
export type MissingTeam = (teamId: string) => GatewayError;

export const teamNotFound: MissingTeam = (teamId) =>
  new GatewayError('not_found', `Team not found, passed team_id=${label(teamId)}`, { param: 'team_id' });

export const noTeamForMembers: MissingTeam = (teamId) =>
  new GatewayError(
    'not_found',
    `Team doesn't exist in db. Team=${label(teamId)}. Create team via \`/team/new\` call.`,
    { param: 'team_id' },
  );

/**
 * The team, for those who administer the proxy, it, or its organisation. To everybody else a team that does not exist and
 * one that is not theirs look the same. Throws not_found, forbidden.
 */
export function getManagedTeam(
  caller: Caller,
  team: TeamRecord | undefined,
  asked: { teamId: string; route: string; missing?: MissingTeam },
): TeamRecord {
  if (team !== undefined && mayManageTeam(caller, team)) return team;
  if (team === undefined && isAdmin(caller)) throw (asked.missing ?? teamNotFound)(asked.teamId);
  const message = `Call not allowed. User not proxy admin OR team admin. route=${asked.route}, team_id=${label(asked.teamId)}`;
  throw new GatewayError('forbidden', message, { param: 'team_id', detail: { error: message } });
}

/**
 * The team, for those who stand above it: administrators of the proxy and of its organisation. A team's own may not do
 * what widens what the team may use up, or ends it. Throws not_found, not_admin, for viewers forbidden.
 */
export function getGovernedTeam(
  caller: Caller,
  team: TeamRecord | undefined,
  asked: { teamId: string; route: string; missing?: MissingTeam },
): TeamRecord {
  if (team !== undefined && mayGovern(caller, team)) return team;
  if (team === undefined && isAdmin(caller)) throw (asked.missing ?? teamNotFound)(asked.teamId);
  throw refuseAct(caller, asked.route);
}

export function mayGovern(caller: Caller, { organizationId }: Pick<TeamRecord, 'organizationId'>): boolean {
  return isAdmin(caller) || isOrganizationAdmin(caller, organizationId);
}

/** Administrators and viewers; the team's members; and keys of the team. */
export function maySeeTeam(caller: Caller, team: Pick<TeamRecord, 'id' | 'organizationId'>): boolean {
  return (
    maySeeAll(caller) ||
    mayManageTeam(caller, team) ||
    caller.key?.teamId === team.id ||
    caller.memberships.teams.some(({ teamId }) => teamId === team.id)
  );
}

/** What the client passed, fit for a message. */
function label(teamId: string): string {
  return teamId.slice(0, 256);
}
