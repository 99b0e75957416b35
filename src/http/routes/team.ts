/** `/team/*`: a table of routes over the team verbs. What may be asked stands in the schemas, what happens in the verbs. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { addTeamModels, removeTeamModels } from '../../management/teams/change-team-models.ts';
import { createTeam } from '../../management/teams/create-team.ts';
import { deleteTeams } from '../../management/teams/delete-teams.ts';
import { resetTeamSpend } from '../../management/teams/reset-team-spend.ts';
import { setTeamBlocked } from '../../management/teams/set-team-blocked.ts';
import type { TeamFields } from '../../management/teams/team-fields.ts';
import type { TeamManagement } from '../../management/teams/team-management.ts';
import { updateTeam } from '../../management/teams/update-team.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields, nameUnenforcedFields } from '../field-headers.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import {
  fromSpendReset,
  TEAM_NEW_NAMES,
  TEAM_UPDATE_NAMES,
  TeamDeleteBody,
  TeamDeleteReply,
  TeamModelsBody,
  TeamNameBody,
  TeamNameParams,
  TeamNewBody,
  TeamPatchBody,
  TeamResetSpendBody,
  TeamResetSpendReply,
  TeamUpdateBody,
  TeamUpdateReply,
  toNewTeam,
  toResetNanoUsd,
  toTeamPatch,
} from '../schemas/team-change.ts';
import { findUnenforcedTeamFields, toTeamFields } from '../schemas/team-fields.ts';
import { fromTeamView, TeamRow, type TeamRowBody } from '../schemas/team-row.ts';
import { registerTeamMemberRoutes } from './team-members.ts';
import { registerTeamReadRoutes } from './team-read.ts';
import { registerTeamSettingRoutes } from './team-settings.ts';

export interface TeamRoutesDeps {
  teamManagement: TeamManagement;
}

const tags = ['teams'];
const config = { access: 'management', scope: 'scoped' } as const;

export function registerTeamRoutes(app: App, { teamManagement }: TeamRoutesDeps): void {
  const clock = toLimitClock(teamManagement);
  const update = async (
    request: FastifyRequest & { body: z.output<typeof TeamPatchBody> },
    reply: FastifyReply,
    teamId: string,
    fields: TeamFields,
  ): Promise<TeamRowBody> => {
    const { body } = request;
    const view = await updateTeam(teamManagement, request.caller, request.actor(), teamId, fields);
    nameIgnoredFields(reply, body, TEAM_UPDATE_NAMES);
    nameUnenforcedFields(reply, findUnenforcedTeamFields(body));
    return fromTeamView(view, clock);
  };

  app.post(
    '/team/new',
    {
      config,
      schema: {
        tags,
        summary: 'Make a team',
        description: 'Whoever makes it is its admin. Members who are no users yet become some (`internal_user`).',
        body: TeamNewBody,
        response: { 200: TeamRow },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const view = await createTeam(teamManagement, request.caller, request.actor(), toNewTeam(body));
      nameIgnoredFields(reply, body, TEAM_NEW_NAMES);
      nameUnenforcedFields(reply, findUnenforcedTeamFields(body));
      return fromTeamView(view, clock);
    },
  );

  app.post(
    '/team/update',
    {
      config,
      schema: {
        tags,
        summary: 'Change a team',
        description:
          'A field that is absent stays, null clears it, a value sets it. An admin of the team may not widen what it may ' +
          'use up: budgets, limits, models, organization.',
        body: TeamUpdateBody,
        response: { 200: TeamUpdateReply },
      },
    },
    async (request, reply) => {
      const { team_id: teamId } = request.body;
      return { team_id: teamId, data: await update(request, reply, teamId, toTeamFields(request.body)) };
    },
  );

  app.patch(
    '/team/:team_id',
    {
      config,
      schema: {
        tags,
        summary: 'Change a team, named in the path',
        description:
          'What `POST /team/update` does, but that `metadata` is laid over what is stored. Answers with the team.',
        params: TeamNameParams,
        body: TeamPatchBody,
        response: { 200: TeamRow },
      },
    },
    (request, reply) => {
      const { body, params } = request;
      if (body.team_id != null && body.team_id !== params.team_id) {
        throw new GatewayError(
          'bad_request',
          'team_id in the body is another team than that of the path. Leave it out.',
          {
            param: 'team_id',
          },
        );
      }
      return update(request, reply, params.team_id, toTeamPatch(body));
    },
  );

  app.post(
    '/team/delete',
    {
      config,
      schema: {
        tags,
        summary: 'Delete teams with their keys, all or none',
        description:
          'From the next call on their keys open nothing; open streams end. Spend and names stay for history.',
        body: TeamDeleteBody,
        response: { 200: TeamDeleteReply },
      },
    },
    async (request) => {
      const teamIds = request.body.team_ids;
      return { deleted_teams: await deleteTeams(teamManagement, request.caller, request.actor(), teamIds) };
    },
  );

  for (const { url, blocked, summary } of [
    { url: '/team/block', blocked: true, summary: 'Refuse every call of a team and end its open streams' },
    { url: '/team/unblock', blocked: false, summary: 'Let a blocked team call again' },
  ]) {
    app.post(
      url,
      { config, schema: { tags, summary, body: TeamNameBody, response: { 200: TeamRow } } },
      async (request) => {
        const input = { teamId: request.body.team_id, blocked };
        return fromTeamView(await setTeamBlocked(teamManagement, request.caller, request.actor(), input), clock);
      },
    );
  }

  for (const { url, verb, summary } of [
    { url: '/team/model/add', verb: addTeamModels, summary: 'Open further models to a team' },
    { url: '/team/model/delete', verb: removeTeamModels, summary: 'Close models to a team' },
  ]) {
    app.post(
      url,
      { config, schema: { tags, summary, body: TeamModelsBody, response: { 200: TeamRow } } },
      async (request) => {
        const input = { teamId: request.body.team_id, models: request.body.models };
        return fromTeamView(await verb(teamManagement, request.caller, request.actor(), input), clock);
      },
    );
  }

  app.post(
    '/team/:team_id/reset_spend',
    {
      config,
      schema: {
        tags,
        summary: 'Set what counts as spent in the present budget window',
        params: TeamNameParams,
        body: TeamResetSpendBody,
        response: { 200: TeamResetSpendReply },
      },
    },
    async (request) => {
      const input = { teamId: request.params.team_id, resetToNanoUsd: toResetNanoUsd(request.body) };
      const reset = await resetTeamSpend(teamManagement, request.caller, request.actor(), input);
      return fromSpendReset(reset, clock);
    },
  );

  registerTeamReadRoutes(app, teamManagement);
  registerTeamMemberRoutes(app, teamManagement);
  registerTeamSettingRoutes(app, teamManagement);
}
