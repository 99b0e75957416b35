/** What can be asked about teams without changing one. */

import { MEMBER_PERMISSIONS } from '../../core/team-permissions.ts';
import { boundListing } from '../../management/teams/bound-listing.ts';
import { getOwnMembership } from '../../management/teams/get-own-membership.ts';
import { getTeamInfo } from '../../management/teams/get-team-info.ts';
import { listAvailableTeams } from '../../management/teams/list-available-teams.ts';
import { listTeamKeys } from '../../management/teams/list-team-keys.ts';
import { listTeams } from '../../management/teams/list-teams.ts';
import { listMemberPermissions } from '../../management/teams/member-permissions.ts';
import type { TeamManagement } from '../../management/teams/team-management.ts';
import type { App } from '../app-instance.ts';
import { nameLeftOut } from '../field-headers.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import { TeamNameParams, TeamPermissionsQuery, TeamPermissionsReply } from '../schemas/team-change.ts';
import {
  AvailableTeamsReply,
  fromAvailableTeam,
  fromListedTeam,
  fromOwnMembership,
  fromTeamInfo,
  fromTeamKey,
  fromTeamPage,
  OwnMembershipReply,
  TeamInfoQuery,
  TeamInfoReply,
  TeamListQuery,
  TeamListReply,
  TeamPageQuery,
  TeamPageReply,
  toKeyLimit,
  toTeamListing,
  toTeamPage,
} from '../schemas/team-read.ts';

const tags = ['teams'];
const config = { access: 'info', scope: 'scoped' } as const;
/** /team/list has no pages; whoever has more teams asks /v2/team/list. */
const MAX_TEAMS = 2_000;

export function registerTeamReadRoutes(app: App, teamManagement: TeamManagement): void {
  const clock = toLimitClock(teamManagement);

  app.get(
    '/team/info',
    {
      config,
      schema: {
        tags,
        summary: 'One team, with its members and keys',
        description: 'For administrators, members, and keys of the team. Plain members see their own keys.',
        querystring: TeamInfoQuery,
        response: { 200: TeamInfoReply },
      },
    },
    async (request, reply) => {
      const { caller, query } = request;
      const info = await getTeamInfo(teamManagement, caller, query.team_id, toKeyLimit(query));
      nameLeftOut(reply, { keys: info.keysLeftOut });
      return fromTeamInfo(info, clock);
    },
  );

  app.get(
    '/team/:team_id/members/me',
    {
      config,
      schema: {
        tags,
        summary: "The caller's own place in a team: role, limits, models and spend",
        params: TeamNameParams,
        response: { 200: OwnMembershipReply },
      },
    },
    async ({ caller, params }) =>
      fromOwnMembership(await getOwnMembership(teamManagement, caller, params.team_id), clock),
  );

  app.get(
    '/team/list',
    {
      config,
      schema: {
        tags,
        summary: 'The teams that the caller may see',
        description: `Sorted by alias, at most ${MAX_TEAMS}; /v2/team/list has pages.`,
        querystring: TeamListQuery,
        response: { 200: TeamListReply },
      },
    },
    async (request, reply) => {
      const { caller, query } = request;
      const { teams, total } = await listTeams(teamManagement, caller, toTeamListing(query, MAX_TEAMS));
      const { keysOf, leftOut } = await listTeamKeys(teamManagement, caller, teams);
      nameLeftOut(reply, { teams: total - teams.length, keys: leftOut });
      return teams.map((team) => ({
        ...fromListedTeam(team, clock),
        keys: (keysOf.get(team.team.id) ?? []).map(fromTeamKey),
      }));
    },
  );

  app.get(
    '/v2/team/list',
    {
      config,
      schema: {
        tags,
        summary: 'Teams, page by page',
        description: 'Who is no administrator passes its own `user_id`; admins of an organization see its teams.',
        querystring: TeamPageQuery,
        response: { 200: TeamPageReply },
      },
    },
    async (request) => {
      const { caller, query } = request;
      const page = await listTeams(teamManagement, caller, boundListing(caller, toTeamPage(query)));
      const keyCounts = await teamManagement.countKeys(page.teams.map(({ team }) => team.id));
      return fromTeamPage({ ...page, keyCounts }, query, clock);
    },
  );

  app.get(
    '/team/available',
    {
      config,
      schema: {
        tags,
        summary: 'Teams that the caller may join by itself',
        description: 'Those of `default_internal_user_params.available_teams` that it is not in.',
        response: { 200: AvailableTeamsReply },
      },
    },
    async (request) => (await listAvailableTeams(teamManagement, request.caller)).map(fromAvailableTeam),
  );

  app.get(
    '/team/permissions_list',
    {
      config,
      schema: {
        tags,
        summary: 'What plain members of a team may call for it',
        querystring: TeamPermissionsQuery,
        response: { 200: TeamPermissionsReply },
      },
    },
    async (request) => {
      const teamId = request.query.team_id;
      const permissions = await listMemberPermissions(teamManagement, request.caller, teamId);
      return {
        team_id: teamId,
        team_member_permissions: [...permissions],
        all_available_permissions: [...MEMBER_PERMISSIONS],
      };
    },
  );
}
