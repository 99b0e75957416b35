/** `/customer/*`, and the same under `/end_user/*`: on whose behalf keys call. */
import { createEndUser } from '../../management/end-users/create-end-user.ts';
import { deleteEndUsers } from '../../management/end-users/delete-end-users.ts';
import { getEndUser, listEndUsers } from '../../management/end-users/get-end-users.ts';
import { setEndUsersBlocked } from '../../management/end-users/set-end-users-blocked.ts';
import { updateEndUser } from '../../management/end-users/update-end-user.ts';
import type { OwnerManagement } from '../../management/owners/owner-management.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields, nameUnenforcedFields } from '../field-headers.ts';
import {
  CUSTOMER_NAMES,
  CustomerBlockReply,
  CustomerDeleteReply,
  CustomerIdsBody,
  CustomerInfoQuery,
  CustomerListQuery,
  CustomerNewBody,
  CustomerRow,
  CustomerRows,
  CustomerUpdateBody,
  fromEndUser,
  toEndUserFields,
  toNewEndUser,
} from '../schemas/customer.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';

export interface CustomerRoutesDeps {
  ownerManagement: OwnerManagement;
}

const tags = ['customers'];
const writes = { access: 'management', scope: 'admin' } as const;
const reads = { access: 'info', scope: 'admin' } as const;

export function registerCustomerRoutes(app: App, deps: CustomerRoutesDeps): void {
  registerFamily(app, deps, '/customer', false);
  registerFamily(app, deps, '/end_user', true);
  registerBlocking(app, deps, '/user', true);
}

/** `hide`: LiteLLM's other name for the same thing, which the documentation need not list twice. */
function registerFamily(app: App, { ownerManagement }: CustomerRoutesDeps, prefix: string, hide: boolean): void {
  const clock = toLimitClock(ownerManagement);

  app.post(
    `${prefix}/new`,
    {
      config: writes,
      schema: { tags, hide, summary: 'Make a customer', body: CustomerNewBody, response: { 200: CustomerRow } },
    },
    async (request, reply) => {
      const { body } = request;
      const view = await createEndUser(ownerManagement, request.caller, request.actor(), toNewEndUser(body));
      nameIgnoredFields(reply, body, CUSTOMER_NAMES);
      nameUnenforcedFields(reply, body.object_permission == null ? [] : ['object_permission']);
      return fromEndUser(view, clock);
    },
  );

  app.post(
    `${prefix}/update`,
    {
      config: writes,
      schema: { tags, hide, summary: 'Change a customer', body: CustomerUpdateBody, response: { 200: CustomerRow } },
    },
    async (request, reply) => {
      const { body } = request;
      const fields = toEndUserFields(body);
      const view = await updateEndUser(ownerManagement, request.caller, request.actor(), body.user_id, fields);
      nameIgnoredFields(reply, body, CUSTOMER_NAMES);
      nameUnenforcedFields(reply, body.object_permission == null ? [] : ['object_permission']);
      return fromEndUser(view, clock);
    },
  );

  app.get(
    `${prefix}/info`,
    {
      config: reads,
      schema: { tags, hide, summary: 'One customer', querystring: CustomerInfoQuery, response: { 200: CustomerRow } },
    },
    async (request) => fromEndUser(await getEndUser(ownerManagement, request.caller, request.query.end_user_id), clock),
  );

  app.get(
    `${prefix}/list`,
    {
      config: reads,
      schema: {
        tags,
        hide,
        summary: 'Customers, newest first',
        description: 'How many there are in all is in the header `x-total-count`.',
        querystring: CustomerListQuery,
        response: { 200: CustomerRows },
      },
    },
    async (request, reply) => {
      const { page, size } = request.query;
      const range = { limit: size, offset: (page - 1) * size };
      const { views, total } = await listEndUsers(ownerManagement, request.caller, range);
      reply.header('x-total-count', String(total));
      return views.map((view) => fromEndUser(view, clock));
    },
  );

  app.post(
    `${prefix}/delete`,
    {
      config: writes,
      schema: {
        tags,
        hide,
        summary: 'Delete customers, all or none',
        body: CustomerIdsBody,
        response: { 200: CustomerDeleteReply },
      },
    },
    async (request) => {
      const ids = await deleteEndUsers(ownerManagement, request.caller, request.actor(), request.body.user_ids);
      return {
        deleted_customers: ids.length,
        message: `Successfully deleted customers with ids: [${ids.map((id) => `'${id}'`).join(', ')}]`,
      };
    },
  );

  registerBlocking(app, { ownerManagement }, prefix, hide);
}

/** Also under `/user`, where LiteLLM once had it. */
function registerBlocking(app: App, { ownerManagement }: CustomerRoutesDeps, prefix: string, hide: boolean): void {
  const clock = toLimitClock(ownerManagement);
  for (const [act, blocked, summary] of [
    ['block', true, 'Block customers, all or none'],
    ['unblock', false, 'Let blocked customers call again, all or none'],
  ] as const) {
    app.post(
      `${prefix}/${act}`,
      {
        config: writes,
        schema: { tags, hide, summary, body: CustomerIdsBody, response: { 200: CustomerBlockReply } },
      },
      async (request) => {
        const { user_ids: ids } = request.body;
        const views = await setEndUsersBlocked(ownerManagement, request.caller, request.actor(), ids, blocked);
        return { blocked_users: views.map((view) => fromEndUser(view, clock)) };
      },
    );
  }
}
