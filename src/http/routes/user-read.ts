/** What can be asked about users without changing one. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { getUserInfo, getVisibleUser, listManagedUsers, listUsers } from '../../management/users/read-users.ts';
import type { UserManagement } from '../../management/users/user-management.ts';
import type { App } from '../app-instance.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import { fromUser, fromUserInfo, UserInfoQuery, UserInfoReply, UserRow } from '../schemas/user.ts';
import { readUserId } from '../schemas/user-id.ts';
import {
  fromUserPage,
  toUserFilter,
  toUserListing,
  UserFilterQuery,
  UserListQuery,
  UserListReply,
} from '../schemas/user-list.ts';

const tags = ['users'];
const config = { access: 'info', scope: 'scoped', errorDetail: true } as const;

const ROLES = {
  proxy_admin: { description: 'admin over the platform, has all permissions', ui_label: 'Admin (All Permissions)' },
  proxy_admin_viewer: {
    description: 'view all keys and all spend, change nothing',
    ui_label: 'Admin (View Only)',
  },
  internal_user: {
    description: 'create, view and delete their own keys, view their own spend',
    ui_label: 'Internal User (Create/Delete/View)',
  },
  internal_user_viewer: { description: 'view their own keys and spend', ui_label: 'Internal User (View Only)' },
} as const;

const FoundUsers = z.array(z.object({ user_id: z.string(), user_email: z.string().nullable() }));

export function registerUserReadRoutes(app: App, userManagement: UserManagement): void {
  const clock = toLimitClock(userManagement);

  app.get(
    '/user/info',
    {
      config,
      schema: {
        tags,
        summary: 'One user with its keys and teams',
        description: 'Without `user_id`, the user who is calling. Up to 100 keys and teams; the lists have them all.',
        querystring: UserInfoQuery,
        response: { 200: UserInfoReply },
      },
    },
    async (request) => {
      const asked = readUserId(request.url, request.query.user_id);
      return fromUserInfo(await getUserInfo(userManagement, request.caller, asked), asked, clock);
    },
  );

  app.get(
    '/v2/user/info',
    {
      config,
      schema: { tags, summary: 'One user', querystring: UserInfoQuery, response: { 200: UserRow } },
    },
    async (request) => {
      const id = readUserId(request.url, request.query.user_id) ?? request.caller.userId;
      if (id === null) {
        const message = 'user_id is required: name a user, or call with the key of one.';
        throw new GatewayError('bad_request', message, { param: 'user_id' });
      }
      return fromUser(await getVisibleUser(userManagement, request.caller, id), clock);
    },
  );

  app.get(
    '/user/list',
    {
      config,
      schema: {
        tags,
        summary: 'Users, page by page',
        description: 'For administrators, and for admins of organizations, who see the people there.',
        querystring: UserListQuery,
        response: { 200: UserListReply },
      },
    },
    async (request) => {
      const { query } = request;
      return fromUserPage(await listManagedUsers(userManagement, request.caller, toUserListing(query)), query, clock);
    },
  );

  app.get(
    '/user/filter/ui',
    {
      config,
      schema: {
        tags,
        summary: 'Users by part of a name',
        description: 'Those that the caller may see, the latest first.',
        querystring: UserFilterQuery,
        response: { 200: FoundUsers },
      },
    },
    async (request) => {
      const { views } = await listUsers(userManagement, request.caller, toUserFilter(request.query));
      return views.map(({ record }) => ({ user_id: record.id, user_email: record.email }));
    },
  );

  app.get(
    '/user/available_roles',
    {
      config,
      schema: {
        tags,
        summary: 'The roles that a user can have',
        response: { 200: z.record(z.string(), z.object({ description: z.string(), ui_label: z.string() })) },
      },
    },
    () => ROLES,
  );
}
