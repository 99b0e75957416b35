/** `/user/*`: the people who own keys. */
import { z } from 'zod';
import { bulkUpdateUsers } from '../../management/users/bulk-update-users.ts';
import { createUser } from '../../management/users/create-user.ts';
import { deleteUsers } from '../../management/users/delete-users.ts';
import { updateUser } from '../../management/users/update-user.ts';
import type { UserManagement } from '../../management/users/user-management.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields, nameUnenforcedFields } from '../field-headers.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import {
  findUnenforcedNewUserFields,
  findUnenforcedUserFields,
  fromCreatedUser,
  fromUser,
  toNewUser,
  toUserUpdate,
  USER_NAMES,
  USER_NEW_NAMES,
  UserDeleteBody,
  UserNewBody,
  UserNewReply,
  UserUpdateBody,
  UserUpdateReply,
} from '../schemas/user.ts';
import { fromBulkResults, toBulkUpdate, UserBulkBody, UserBulkReply } from '../schemas/user-bulk.ts';
import { registerUserReadRoutes } from './user-read.ts';

export interface UserRoutesDeps {
  userManagement: UserManagement;
}

const tags = ['users'];
const config = { access: 'management', scope: 'scoped', errorDetail: true } as const;

export function registerUserRoutes(app: App, { userManagement }: UserRoutesDeps): void {
  const clock = toLimitClock(userManagement);

  app.post(
    '/user/new',
    {
      config,
      schema: {
        tags,
        summary: 'Make a user, and a key for it',
        description: 'User, memberships and key are made together or not at all. The secret is in this reply only.',
        body: UserNewBody,
        response: { 200: UserNewReply },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const created = await createUser(userManagement, request.caller, request.actor(), toNewUser(body));
      nameIgnoredFields(reply, body, USER_NEW_NAMES);
      nameUnenforcedFields(reply, findUnenforcedNewUserFields(body));
      return fromCreatedUser(created, clock);
    },
  );

  app.post(
    '/user/update',
    {
      // Everybody may call it about themselves; the verb says what they may change.
      config: { access: 'info', scope: 'scoped', audited: true, errorDetail: true },
      schema: {
        tags,
        summary: 'Change a user; an unknown one is made',
        description: 'A field that is absent stays, null clears it, a value sets it; 0 is a value.',
        body: UserUpdateBody,
        response: { 200: UserUpdateReply },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const view = await updateUser(userManagement, request.caller, request.actor(), toUserUpdate(body));
      nameIgnoredFields(reply, body, USER_NAMES);
      nameUnenforcedFields(reply, findUnenforcedUserFields(body));
      return { user_id: view.record.id, data: fromUser(view, clock) };
    },
  );

  app.post(
    '/user/bulk_update',
    {
      config,
      schema: {
        tags,
        summary: 'Change many users, each by itself',
        description:
          'Up to 500 users, or with `all_users` everybody, who are changed as `user_updates` says. The reply says of each ' +
          'whether it was changed, and why not.',
        body: UserBulkBody,
        response: { 200: UserBulkReply },
      },
    },
    async (request) => {
      const asked = toBulkUpdate(request.body);
      return fromBulkResults(await bulkUpdateUsers(userManagement, request.caller, request.actor(), asked), clock);
    },
  );

  app.post(
    '/user/delete',
    {
      config,
      schema: {
        tags,
        summary: 'Delete users with their keys, all or none',
        description: 'For administrators, and for admins of organizations, who delete people that belong nowhere else.',
        body: UserDeleteBody,
        response: { 200: z.number() },
      },
    },
    (request) => deleteUsers(userManagement, request.caller, request.actor(), request.body.user_ids),
  );

  registerUserReadRoutes(app, userManagement);
}
