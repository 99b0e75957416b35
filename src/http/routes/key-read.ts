/** What can be asked about keys without changing one. */
import { checkKeyHealth } from '../../management/keys/check-key-health.ts';
import { getKeyInfo } from '../../management/keys/get-key-info.ts';
import { getKeyInfos } from '../../management/keys/get-key-infos.ts';
import type { KeyManagement } from '../../management/keys/key-management.ts';
import { listKeyAliases } from '../../management/keys/list-key-aliases.ts';
import { listKeys } from '../../management/keys/list-keys.ts';
import type { App } from '../app-instance.ts';
import { fromAliases, KeyAliasesQuery, KeyAliasesReply, toAliasListing } from '../schemas/key-aliases.ts';
import { fromKeyHealth, KeyHealthReply } from '../schemas/key-health.ts';
import {
  fromKeyInfo,
  fromKeyInfos,
  KeyInfoQuery,
  KeyInfoReply,
  KeyInfosBody,
  KeyInfosReply,
  toKeyNames,
} from '../schemas/key-info.ts';
import { fromKeyPage, KeyListQuery, KeyListReply, toKeyListing, toKeyListOptions } from '../schemas/key-list.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import { TOTAL_HELP, tellTotal } from '../total-header.ts';

const tags = ['keys'];
const config = { access: 'info', scope: 'scoped' } as const;

export function registerKeyReadRoutes(app: App, keyManagement: KeyManagement): void {
  const clock = toLimitClock({
    windowEndMs: (duration) => keyManagement.budgetWindow(duration, keyManagement.nowMs()).endMs,
  });
  app.get(
    '/key/info',
    {
      config,
      schema: {
        tags,
        summary: 'One key',
        description: 'Also for a key that is over its budget. Without `key`, the key that is calling.',
        querystring: KeyInfoQuery,
        response: { 200: KeyInfoReply },
      },
    },
    async (request) => {
      const asked = request.query.key === undefined || request.query.key === '' ? null : request.query.key;
      const view = await getKeyInfo(keyManagement, request.caller, asked);
      return fromKeyInfo(view, asked ?? view.key.hash, clock);
    },
  );

  app.post(
    '/v2/key/info',
    {
      config,
      schema: {
        tags,
        summary: 'Several keys',
        description: 'Keys that are unknown, or not yours to see, are left out of `info`.',
        body: KeyInfosBody,
        response: { 200: KeyInfosReply },
      },
    },
    async (request) => {
      const names = toKeyNames(request.body);
      const views = await getKeyInfos(keyManagement, request.caller, names);
      return fromKeyInfos([...names.keys, ...names.aliases], views, clock);
    },
  );

  app.get(
    '/key/list',
    {
      config,
      schema: {
        tags,
        summary: 'Keys, page by page',
        description:
          'Newest first. An empty filter is no filter; deleted keys only with status=deleted. ' +
          'Users see their own keys, those of organisations that they administer, and what the include_ switches add. ' +
          TOTAL_HELP,
        querystring: KeyListQuery,
        response: { 200: KeyListReply },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const page = await listKeys(keyManagement, request.caller, toKeyListing(query), toKeyListOptions(query));
      tellTotal(reply, page);
      return fromKeyPage(page, query);
    },
  );

  app.get(
    '/key/aliases',
    {
      config,
      schema: {
        tags,
        summary: 'Aliases of keys, page by page',
        description: 'Of the keys that the caller may list, those of teams included.',
        querystring: KeyAliasesQuery,
        response: { 200: KeyAliasesReply },
      },
    },
    async (request) => {
      const { query } = request;
      return fromAliases(await listKeyAliases(keyManagement, request.caller, toAliasListing(query)), query);
    },
  );

  app.post(
    '/key/health',
    {
      config: { access: 'info', scope: 'self' },
      schema: {
        tags,
        summary: 'Whether the calls of the calling key reach its log destinations',
        response: { 200: KeyHealthReply },
      },
    },
    async (request) => fromKeyHealth(await checkKeyHealth(keyManagement, request.caller)),
  );
}
