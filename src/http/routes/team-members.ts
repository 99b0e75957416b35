/** Who is in a team, and what each may use up there. */
import { addMembers } from '../../management/teams/add-members.ts';
import { bulkAddMembers } from '../../management/teams/bulk-add-members.ts';
import { removeMember } from '../../management/teams/remove-member.ts';
import { resetMemberSpend } from '../../management/teams/reset-member-spend.ts';
import type { TeamManagement } from '../../management/teams/team-management.ts';
import { updateMember } from '../../management/teams/update-member.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields } from '../field-headers.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import { toPerson } from '../schemas/member-shapes.ts';
import {
  fromMemberSpendReset,
  MemberResetSpendReply,
  TeamMemberParams,
  TeamResetSpendBody,
  toResetNanoUsd,
} from '../schemas/team-change.ts';
import {
  BULK_MEMBER_ADD_NAMES,
  BulkMemberAddBody,
  BulkMemberAddReply,
  fromAddedMembers,
  fromBulkAdded,
  fromUpdatedMember,
  MEMBER_ADD_NAMES,
  MEMBER_UPDATE_NAMES,
  MemberAddBody,
  MemberAddReply,
  MemberDeleteBody,
  MemberUpdateBody,
  MemberUpdateReply,
  toBulkAddition,
  toMemberAddition,
  toMemberUpdate,
} from '../schemas/team-member.ts';
import { fromTeamView, TeamRow } from '../schemas/team-row.ts';

const tags = ['teams'];
const config = { access: 'management', scope: 'scoped' } as const;

export function registerTeamMemberRoutes(app: App, teamManagement: TeamManagement): void {
  const clock = toLimitClock(teamManagement);

  app.post(
    '/team/member_add',
    {
      config,
      schema: {
        tags,
        summary: 'Put people into a team, all or nobody',
        body: MemberAddBody,
        response: { 200: MemberAddReply },
      },
    },
    async (request, reply) => {
      const addition = toMemberAddition(request.body);
      nameIgnoredFields(reply, request.body, MEMBER_ADD_NAMES);
      return fromAddedMembers(await addMembers(teamManagement, request.caller, request.actor(), addition), clock);
    },
  );

  app.post(
    '/team/bulk_member_add',
    {
      config,
      schema: {
        tags,
        summary: 'Put people into a team, with a result for each',
        body: BulkMemberAddBody,
        response: { 200: BulkMemberAddReply },
      },
    },
    async (request, reply) => {
      const addition = toBulkAddition(request.body);
      nameIgnoredFields(reply, request.body, BULK_MEMBER_ADD_NAMES);
      const added = await bulkAddMembers(teamManagement, request.caller, request.actor(), addition);
      return fromBulkAdded(addition.teamId, added, clock);
    },
  );

  app.post(
    '/team/member_update',
    {
      config,
      schema: {
        tags,
        summary: "Change a member's role, budget, limits and models in a team",
        body: MemberUpdateBody,
        response: { 200: MemberUpdateReply },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const updated = await updateMember(teamManagement, request.caller, request.actor(), toMemberUpdate(body));
      nameIgnoredFields(reply, body, MEMBER_UPDATE_NAMES);
      return fromUpdatedMember(updated, body);
    },
  );

  app.post(
    '/team/:team_id/member/:user_id/reset_spend',
    {
      config,
      schema: {
        tags,
        summary: 'Set what counts as spent by a member in the present budget window of the team',
        params: TeamMemberParams,
        body: TeamResetSpendBody,
        response: { 200: MemberResetSpendReply },
      },
    },
    async (request) => {
      const { team_id: teamId, user_id: userId } = request.params;
      const input = { teamId, userId, resetToNanoUsd: toResetNanoUsd(request.body) };
      return fromMemberSpendReset(
        await resetMemberSpend(teamManagement, request.caller, request.actor(), input),
        clock,
      );
    },
  );

  app.post(
    '/team/member_delete',
    {
      config,
      schema: {
        tags,
        summary: "Take somebody out of a team, with the person's keys of that team",
        body: MemberDeleteBody,
        response: { 200: TeamRow },
      },
    },
    async (request) => {
      const { body } = request;
      const member = { teamId: body.team_id, ...toPerson(body) };
      return fromTeamView(await removeMember(teamManagement, request.caller, request.actor(), member), clock);
    },
  );
}
