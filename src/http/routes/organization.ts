/** `/organization/*`: whoever stands above teams. */
import { createOrganization } from '../../management/organizations/create-organization.ts';
import { deleteOrganizations } from '../../management/organizations/delete-organizations.ts';
import type { OrganizationManagement } from '../../management/organizations/organization-management.ts';
import { getOrganizationInfo, listOrganizations } from '../../management/organizations/read-organizations.ts';
import { updateOrganization } from '../../management/organizations/update-organization.ts';
import type { OrganizationView } from '../../management/organizations/view-organization.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields, nameLeftOut, nameUnenforcedFields } from '../field-headers.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import {
  findUnenforcedOrganizationFields,
  fromOrganization,
  ORGANIZATION_NEW_NAMES,
  ORGANIZATION_UPDATE_NAMES,
  OrganizationDeleteBody,
  OrganizationInfoBody,
  OrganizationInfoQuery,
  OrganizationListQuery,
  OrganizationNameParams,
  OrganizationNewBody,
  OrganizationPatchBody,
  OrganizationRow,
  OrganizationRows,
  OrganizationUpdateBody,
  toNewOrganization,
  toOrganizationFields,
  toOrganizationListing,
} from '../schemas/organization.ts';
import { registerOrganizationMemberRoutes } from './organization-members.ts';

export interface OrganizationRoutesDeps {
  organizationManagement: OrganizationManagement;
}

const tags = ['organizations'];
const writes = { access: 'management', scope: 'scoped', errorDetail: true } as const;
const reads = { access: 'info', scope: 'scoped', errorDetail: true } as const;

export function registerOrganizationRoutes(app: App, { organizationManagement }: OrganizationRoutesDeps): void {
  const clock = toLimitClock(organizationManagement);

  app.post(
    '/organization/new',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Make an organization',
        description: 'Its limits are kept in a budget row of its own, unless `budget_id` names one.',
        body: OrganizationNewBody,
        response: { 200: OrganizationRow },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const input = toNewOrganization(body);
      const view = await createOrganization(organizationManagement, request.caller, request.actor(), input);
      nameIgnoredFields(reply, body, ORGANIZATION_NEW_NAMES);
      nameUnenforcedFields(reply, findUnenforcedOrganizationFields(body));
      return fromOrganization(view, clock);
    },
  );

  app.patch(
    '/organization/update',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Change an organization',
        description:
          'A field that is absent stays, null clears it, a value sets it. An admin of the organization may not widen what ' +
          'it may use up: budgets, limits, models.',
        body: OrganizationUpdateBody,
        response: { 200: OrganizationRow },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const view = await updateOrganization(
        organizationManagement,
        request.caller,
        request.actor(),
        body.organization_id,
        toOrganizationFields(body),
      );
      nameIgnoredFields(reply, body, ORGANIZATION_UPDATE_NAMES);
      nameUnenforcedFields(reply, findUnenforcedOrganizationFields(body));
      return fromOrganization(view, clock);
    },
  );

  app.patch(
    '/v2/organization/:organization_id',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Change an organization, named in the path',
        description: 'What `PATCH /organization/update` does. A field that there is not is refused.',
        params: OrganizationNameParams,
        body: OrganizationPatchBody,
        response: { 200: OrganizationRow },
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const view = await updateOrganization(
        organizationManagement,
        request.caller,
        request.actor(),
        params.organization_id,
        toOrganizationFields(body),
      );
      nameUnenforcedFields(reply, findUnenforcedOrganizationFields(body));
      return fromOrganization(view, clock);
    },
  );

  app.delete(
    '/organization/delete',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Delete organizations with their teams and keys, all or none',
        description:
          'From the next call on their keys open nothing; open streams end. People stay. Spend and names stay for history.',
        body: OrganizationDeleteBody,
        response: { 200: OrganizationRows },
      },
    },
    async (request) => {
      const ids = request.body.organization_ids;
      const deleted = await deleteOrganizations(organizationManagement, request.caller, request.actor(), ids);
      return deleted.map(toRow);
    },
  );

  app.get(
    '/organization/info',
    {
      config: reads,
      schema: {
        tags,
        summary: 'One organization, with its members and teams',
        description: 'For administrators and members. Plain members see their own membership and teams.',
        querystring: OrganizationInfoQuery,
        response: { 200: OrganizationRow },
      },
    },
    async (request, reply) => {
      const id = request.query.organization_id;
      const { views, leftOut } = await getOrganizationInfo(organizationManagement, request.caller, id);
      nameLeftOut(reply, leftOut);
      return toRow(views[0] as OrganizationView);
    },
  );

  app.post(
    '/organization/info',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Several organizations',
        body: OrganizationInfoBody,
        response: { 200: OrganizationRows },
      },
    },
    async (request, reply) => {
      const listing = { ids: request.body.organizations, search: null };
      const { views, leftOut } = await listOrganizations(organizationManagement, request.caller, listing);
      nameLeftOut(reply, leftOut);
      return views.map(toRow);
    },
  );

  app.get(
    '/organization/list',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The organizations that the caller may see',
        querystring: OrganizationListQuery,
        response: { 200: OrganizationRows },
      },
    },
    async (request, reply) => {
      const listing = toOrganizationListing(request.query);
      const { views, leftOut } = await listOrganizations(organizationManagement, request.caller, listing);
      nameLeftOut(reply, leftOut);
      return views.map(toRow);
    },
  );

  registerOrganizationMemberRoutes(app, organizationManagement);

  function toRow(view: OrganizationView) {
    return fromOrganization(view, clock);
  }
}
