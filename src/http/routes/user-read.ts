/** What can be asked about users without changing one. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { getUser, getUserInfo, listUsers } from '../../management/users/read-users.ts';
import type { UserManagement } from '../../management/users/user-management.ts';
import type { App } from '../app-instance.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import { fromUser, fromUserInfo, UserInfoQuery, UserInfoReply, UserRow } from '../schemas/user.ts';
import { fromUserPage, toUserListing, UserListQuery, UserListReply } from '../schemas/user-list.ts';

const tags = ['users'];
const config = { access: 'info', scope: 'scoped' } as const;

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

const FilterQuery = z.object({
  user_id: z.string().optional().describe('Part of an id.'),
  user_email: z.string().optional().describe('Part of an address.'),
});
const FoundUsers = z.array(z.object({ user_id: z.string(), user_email: z.string().nullable() }));
const MAX_FOUND = 50;

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
      const asked = request.query.user_id || null;
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
      const id = request.query.user_id || request.caller.userId;
      if (id === null) throw new GatewayError('bad_request', 'user_id must name a user.', { param: 'user_id' });
      return fromUser(await getUser(userManagement, request.caller, id), clock);
    },
  );

  app.get(
    '/user/list',
    {
      config,
      schema: { tags, summary: 'Users, page by page', querystring: UserListQuery, response: { 200: UserListReply } },
    },
    async (request) => {
      const { query } = request;
      return fromUserPage(await listUsers(userManagement, request.caller, toUserListing(query)), query, clock);
    },
  );

  app.get(
    '/user/filter/ui',
    {
      config,
      schema: { tags, summary: 'Users by part of a name', querystring: FilterQuery, response: { 200: FoundUsers } },
    },
    async (request) => {
      const search = request.query.user_email || request.query.user_id || '';
      const query = { search, limit: MAX_FOUND, offset: 0 };
      const { views } = await listUsers(userManagement, request.caller, query);
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
