/** `/tag/*`: tags that have a budget. */
import { createTag } from '../../management/tags/create-tag.ts';
import { deleteTag } from '../../management/tags/delete-tag.ts';
import { getTags, listTags } from '../../management/tags/get-tags.ts';
import type { TagManagement } from '../../management/tags/tag-management.ts';
import { updateTag } from '../../management/tags/update-tag.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields, nameUnenforcedFields } from '../field-headers.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import {
  fromTag,
  fromTagList,
  TAG_NAMES,
  TagBody,
  TagDeleteBody,
  TagDeleteReply,
  TagInfoBody,
  TagInfoReply,
  TagReply,
  TagRows,
  toTagFields,
} from '../schemas/tag.ts';

export interface TagRoutesDeps {
  tagManagement: TagManagement;
}

const tags = ['tags'];
const writes = { access: 'management', scope: 'admin' } as const;
const reads = { access: 'info', scope: 'admin' } as const;

export function registerTagRoutes(app: App, { tagManagement }: TagRoutesDeps): void {
  const clock = toLimitClock(tagManagement);

  for (const { url, verb, done, summary } of [
    { url: '/tag/new', verb: createTag, done: 'created', summary: 'Register a tag, so that it can have a budget' },
    { url: '/tag/update', verb: updateTag, done: 'updated', summary: 'Change a registered tag' },
  ]) {
    app.post(
      url,
      { config: writes, schema: { tags, summary, body: TagBody, response: { 200: TagReply } } },
      async (request, reply) => {
        const { body } = request;
        const view = await verb(tagManagement, request.caller, request.actor(), body.name, toTagFields(body));
        nameIgnoredFields(reply, body, TAG_NAMES);
        nameUnenforcedFields(reply, (body.models ?? []).length > 0 ? ['models'] : []);
        return { message: `Tag ${body.name} ${done} successfully`, tag: fromTag(view, clock) };
      },
    );
  }

  app.post(
    '/tag/delete',
    {
      config: writes,
      schema: { tags, summary: 'Take a tag off the register', body: TagDeleteBody, response: { 200: TagDeleteReply } },
    },
    async (request) => {
      const { name } = request.body;
      await deleteTag(tagManagement, request.caller, request.actor(), name);
      return { message: `Tag ${name} deleted successfully` };
    },
  );

  app.post(
    '/tag/info',
    {
      config: reads,
      schema: { tags, summary: 'Registered tags, by name', body: TagInfoBody, response: { 200: TagInfoReply } },
    },
    async (request) => {
      const views = await getTags(tagManagement, request.caller, request.body.names);
      return Object.fromEntries(views.map((view) => [view.record.id, fromTag(view, clock)]));
    },
  );

  app.get(
    '/tag/list',
    {
      config: reads,
      schema: { tags, summary: 'All tags, registered or carried by calls', response: { 200: TagRows } },
    },
    async (request) => fromTagList(await listTags(tagManagement, request.caller), clock),
  );
}
