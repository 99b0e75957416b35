/** `/key/*`: a table of routes over the key verbs. What may be asked stands in the schemas, what happens in the verbs. */
import { blockKey } from '../../management/keys/block-key.ts';
import { deleteKeys } from '../../management/keys/delete-keys.ts';
import { generateKey } from '../../management/keys/generate-key.ts';
import { generateServiceAccount } from '../../management/keys/generate-service-account.ts';
import type { KeyManagement } from '../../management/keys/key-management.ts';
import { unblockKey } from '../../management/keys/unblock-key.ts';
import { updateKey } from '../../management/keys/update-key.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields, nameUnenforcedFields } from '../field-headers.ts';
import { KeyBlockBody } from '../schemas/key-block.ts';
import { KeyDeleteBody, KeyDeleteReply, toKeyDeletion } from '../schemas/key-delete.ts';
import { findUnenforcedFields } from '../schemas/key-fields.ts';
import {
  fromIssuedKey,
  KEY_GENERATE_NAMES,
  KeyGenerateBody,
  KeyGenerateReply,
  toNewKey,
} from '../schemas/key-generate.ts';
import { fromKeyView, KeyRow } from '../schemas/key-row.ts';
import { fromUpdatedKey, KEY_UPDATE_NAMES, KeyUpdateBody, KeyUpdateReply, toKeyUpdate } from '../schemas/key-update.ts';
import { toIdempotentRequest } from './idempotency-header.ts';
import { registerKeyBulkRoutes } from './key-bulk.ts';
import { registerKeyReadRoutes } from './key-read.ts';
import { registerKeyRegenerateRoutes } from './key-regenerate.ts';
import { registerKeyRotationRoutes } from './key-rotation.ts';

export interface KeyRoutesDeps {
  keyManagement: KeyManagement;
}

const tags = ['keys'];
const config = { access: 'management', scope: 'scoped' } as const;

export function registerKeyRoutes(app: App, { keyManagement }: KeyRoutesDeps): void {
  for (const { url, verb, summary, description } of [
    {
      url: '/key/generate',
      verb: generateKey,
      summary: 'Make a key',
      description:
        'Every field is optional. The secret is in the reply and nowhere else. With an `idempotency-key` header, ' +
        'the same request again within 24 hours makes no second key and gets the same secret.',
    },
    {
      url: '/key/service-account/generate',
      verb: generateServiceAccount,
      summary: 'Make a key that belongs to a team and to nobody in it',
      description: 'As /key/generate; `team_id` is required and `user_id` is left out, so it outlives its maker.',
    },
  ]) {
    app.post(
      url,
      { config, schema: { tags, summary, description, body: KeyGenerateBody, response: { 200: KeyGenerateReply } } },
      async (request, reply) => {
        const { body } = request;
        const newKey = toNewKey(body, toIdempotentRequest(request, url, body));
        const issued = await verb(keyManagement, request.caller, request.actor(), newKey);
        nameIgnoredFields(reply, body, KEY_GENERATE_NAMES);
        nameUnenforcedFields(reply, findUnenforcedFields(body));
        return fromIssuedKey(issued, body);
      },
    );
  }

  app.post(
    '/key/update',
    {
      config,
      schema: {
        tags,
        summary: 'Change a key',
        description:
          'A field that is absent stays, null clears it, a value sets it; 0 is a value. `metadata` is replaced as a ' +
          'whole, then `tags`, `guardrails`, `model_rpm_limit`, `model_tpm_limit` and `tag_rpm_limit` are put into it.',
        body: KeyUpdateBody,
        response: { 200: KeyUpdateReply },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const view = await updateKey(keyManagement, request.caller, request.actor(), toKeyUpdate(body));
      nameIgnoredFields(reply, body, KEY_UPDATE_NAMES);
      nameUnenforcedFields(reply, findUnenforcedFields(body));
      return fromUpdatedKey(view, body);
    },
  );

  app.post(
    '/key/delete',
    {
      config,
      schema: {
        tags,
        summary: 'Delete keys, all or none',
        description: 'From the next call on they open nothing; open streams end. Names and spend stay for history.',
        body: KeyDeleteBody,
        response: { 200: KeyDeleteReply },
      },
    },
    async (request) => {
      const deletion = toKeyDeletion(request.body);
      return { deleted_keys: await deleteKeys(keyManagement, request.caller, request.actor(), deletion) };
    },
  );

  for (const { url, verb, summary } of [
    { url: '/key/block', verb: blockKey, summary: 'Block a key and end its open streams' },
    { url: '/key/unblock', verb: unblockKey, summary: 'Let a blocked key call again' },
  ]) {
    app.post(
      url,
      { config, schema: { tags, summary, body: KeyBlockBody, response: { 200: KeyRow } } },
      async (request) => fromKeyView(await verb(keyManagement, request.caller, request.actor(), request.body.key)),
    );
  }

  registerKeyBulkRoutes(app, keyManagement);
  registerKeyReadRoutes(app, keyManagement);
  registerKeyRegenerateRoutes(app, keyManagement);
  registerKeyRotationRoutes(app, keyManagement);
}
