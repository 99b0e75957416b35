/** Who is in an organization, and as what. */
import { addOrganizationMembers } from '../../management/organizations/add-organization-members.ts';
import type { OrganizationManagement } from '../../management/organizations/organization-management.ts';
import { removeOrganizationMember } from '../../management/organizations/remove-organization-member.ts';
import { updateOrganizationMember } from '../../management/organizations/update-organization-member.ts';
import type { App } from '../app-instance.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import { toPerson } from '../schemas/member-shapes.ts';
import {
  fromAddedOrganizationMembers,
  fromOrganizationMember,
  OrganizationMemberAddBody,
  OrganizationMemberAddReply,
  OrganizationMemberDeleteBody,
  OrganizationMemberRow,
  OrganizationMemberUpdateBody,
  toOrganizationMemberAddition,
  toOrganizationMemberUpdate,
} from '../schemas/organization-member.ts';

const tags = ['organizations'];
const config = { access: 'management', scope: 'scoped', errorDetail: true } as const;

export function registerOrganizationMemberRoutes(app: App, deps: OrganizationManagement): void {
  const clock = toLimitClock(deps);

  app.post(
    '/organization/member_add',
    {
      config,
      schema: {
        tags,
        summary: 'Put people into an organization, all or nobody',
        body: OrganizationMemberAddBody,
        response: { 200: OrganizationMemberAddReply },
      },
    },
    async (request) => {
      const addition = toOrganizationMemberAddition(request.body);
      const added = await addOrganizationMembers(deps, request.caller, request.actor(), addition);
      return fromAddedOrganizationMembers(addition.organizationId, added, clock);
    },
  );

  app.patch(
    '/organization/member_update',
    {
      config,
      schema: {
        tags,
        summary: "Change a member's role in an organization",
        body: OrganizationMemberUpdateBody,
        response: { 200: OrganizationMemberRow },
      },
    },
    async (request) => {
      const update = toOrganizationMemberUpdate(request.body);
      const view = await updateOrganizationMember(deps, request.caller, request.actor(), update);
      return fromOrganizationMember(view, clock);
    },
  );

  app.delete(
    '/organization/member_delete',
    {
      config,
      schema: {
        tags,
        summary: "Take somebody out of an organization, with the person's keys of it",
        description: 'Keys and memberships in its teams stay; /team/member_delete ends those.',
        body: OrganizationMemberDeleteBody,
        response: { 200: OrganizationMemberRow },
      },
    },
    async (request) => {
      const { body } = request;
      const member = { organizationId: body.organization_id, ...toPerson(body) };
      const removed = await removeOrganizationMember(deps, request.caller, request.actor(), member);
      return fromOrganizationMember(removed, clock);
    },
  );
}
