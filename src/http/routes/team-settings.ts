/** Where a team's calls are logged to, and what its members may call. */
import { addMemberPermissions } from '../../management/teams/add-member-permissions.ts';
import { addTeamCallback } from '../../management/teams/add-team-callback.ts';
import { disableTeamLogging } from '../../management/teams/disable-team-logging.ts';
import { getTeamCallbacks } from '../../management/teams/get-team-callbacks.ts';
import { updateMemberPermissions } from '../../management/teams/member-permissions.ts';
import { removeTeamCallback } from '../../management/teams/remove-team-callback.ts';
import type { TeamManagement } from '../../management/teams/team-management.ts';
import type { App } from '../app-instance.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import {
  TeamCallbackBody,
  TeamCallbackParams,
  TeamCallbackReply,
  TeamCallbacksReply,
  TeamLoggingReply,
  TeamNameParams,
  TeamPermissionsBody,
  TeamPermissionsBulkBody,
  TeamPermissionsBulkReply,
  toNewCallback,
} from '../schemas/team-change.ts';
import { fromTeamView, TeamRow } from '../schemas/team-row.ts';

const tags = ['teams'];
const config = { access: 'management', scope: 'scoped' } as const;

export function registerTeamSettingRoutes(app: App, teamManagement: TeamManagement): void {
  const clock = toLimitClock(teamManagement);

  app.post(
    '/team/permissions_update',
    {
      config,
      schema: {
        tags,
        summary: 'Say what plain members of a team may call for it',
        body: TeamPermissionsBody,
        response: { 200: TeamRow },
      },
    },
    async (request) => {
      const { team_id: teamId, team_member_permissions: permissions } = request.body;
      const input = { teamId, permissions };
      return fromTeamView(await updateMemberPermissions(teamManagement, request.caller, request.actor(), input), clock);
    },
  );

  app.post(
    '/team/permissions_bulk_update',
    {
      config: { access: 'management', scope: 'admin' },
      schema: {
        tags,
        summary: 'Open further routes to the plain members of many teams',
        description: 'What a team opens to them already stays open.',
        body: TeamPermissionsBulkBody,
        response: { 200: TeamPermissionsBulkReply },
      },
    },
    async (request) => {
      const { permissions, team_ids: teamIds, apply_to_all_teams: all } = request.body;
      const which = { permissions, teamIds: teamIds ?? null, all: all === true };
      const updated = await addMemberPermissions(teamManagement, request.caller, request.actor(), which);
      return { message: 'Team member permissions updated', permissions_appended: permissions, teams_updated: updated };
    },
  );

  app.post(
    '/team/:team_id/callback',
    {
      config,
      schema: {
        tags,
        summary: 'Give a team a further log destination',
        description: 'What keys of the team say of logging comes first. Credentials are not shown again.',
        params: TeamNameParams,
        body: TeamCallbackBody,
        response: { 200: TeamCallbackReply },
      },
    },
    async (request) => {
      const callback = toNewCallback(request.body);
      const teamId = request.params.team_id;
      const view = await addTeamCallback(teamManagement, request.caller, request.actor(), teamId, callback);
      return { status: 'success' as const, data: fromTeamView(view, clock) };
    },
  );

  app.get(
    '/team/:team_id/callback',
    {
      config: { access: 'info', scope: 'scoped' },
      schema: {
        tags,
        summary: "A team's log destinations",
        params: TeamNameParams,
        response: { 200: TeamCallbacksReply },
      },
    },
    async (request) => {
      const teamId = request.params.team_id;
      const { successCallbacks, failureCallbacks, vars } = await getTeamCallbacks(
        teamManagement,
        request.caller,
        teamId,
      );
      return {
        status: 'success' as const,
        data: {
          team_id: teamId,
          success_callbacks: [...successCallbacks],
          failure_callbacks: [...failureCallbacks],
          callback_vars: vars,
        },
      };
    },
  );

  app.delete(
    '/team/:team_id/callback/:callback_name',
    {
      config,
      schema: {
        tags,
        summary: 'Take one log destination from a team',
        params: TeamCallbackParams,
        response: { 200: TeamLoggingReply },
      },
    },
    async (request) => {
      const { team_id: teamId, callback_name: name } = request.params;
      const left = await removeTeamCallback(teamManagement, request.caller, request.actor(), { teamId, name });
      return {
        status: 'success' as const,
        message: `Callback ${name} removed from team ${teamId}`,
        data: {
          team_id: teamId,
          success_callbacks: [...left.successCallbacks],
          failure_callbacks: [...left.failureCallbacks],
        },
      };
    },
  );

  app.post(
    '/team/:team_id/disable_logging',
    {
      config,
      schema: {
        tags,
        summary: 'Take all log destinations from a team',
        params: TeamNameParams,
        response: { 200: TeamLoggingReply },
      },
    },
    async (request) => {
      const teamId = request.params.team_id;
      await disableTeamLogging(teamManagement, request.caller, request.actor(), teamId);
      return {
        status: 'success' as const,
        message: `Logging disabled for team ${teamId}`,
        data: { team_id: teamId, success_callbacks: [], failure_callbacks: [] },
      };
    },
  );
}
