/** Further acts on keys: on many at once, and what takes back spend or a rotation. */
import { z } from 'zod';
import type { KeyManagement } from '../../management/keys/key-management.ts';
import { resetKeySpend } from '../../management/keys/reset-key-spend.ts';
import { rollbackKey } from '../../management/keys/rollback-key.ts';
import { updateKeys } from '../../management/keys/update-keys.ts';
import { updateTeamKeys } from '../../management/keys/update-team-keys.ts';
import type { App } from '../app-instance.ts';
import { nameUnenforcedFields } from '../field-headers.ts';
import { fromBulkUpdate, KeyBulkBody, KeyBulkReply } from '../schemas/key-bulk-update.ts';
import { findUnenforcedFields } from '../schemas/key-fields.ts';
import { fromSpendReset, KeyResetBody, KeyResetReply, toSpendReset } from '../schemas/key-reset-spend.ts';
import { fromKeyView, KeyRow } from '../schemas/key-row.ts';
import { toKeyUpdate } from '../schemas/key-update.ts';
import { TeamKeyBulkBody, toTeamKeysUpdate } from '../schemas/team-key-bulk-update.ts';

const tags = ['keys'];
const config = { access: 'management', scope: 'scoped' } as const;

const KeyInPath = z.object({ key: z.string().describe('Secret, hash, key_id or alias; slashes written %2F.') });

export function registerKeyBulkRoutes(app: App, keyManagement: KeyManagement): void {
  app.post(
    '/key/bulk_update',
    {
      config,
      schema: {
        tags,
        summary: 'Change many keys, each by itself',
        description: 'The reply says of each key whether it was changed, and why not.',
        body: KeyBulkBody,
        response: { 200: KeyBulkReply },
      },
    },
    async (request, reply) => {
      const updates = request.body.keys.map(toKeyUpdate);
      const results = await updateKeys(keyManagement, request.caller, request.actor(), updates);
      nameUnenforcedFields(reply, [...new Set(request.body.keys.flatMap(findUnenforcedFields))]);
      return fromBulkUpdate(results);
    },
  );

  app.post(
    '/team/key/bulk_update',
    {
      config,
      schema: {
        tags,
        summary: 'Change the keys of a team alike, each by itself',
        description:
          'For administrators of the team, and for members whom it lets /key/update, as far as they may change each key. ' +
          'The reply says of each key whether it was changed, and why not.',
        body: TeamKeyBulkBody,
        response: { 200: KeyBulkReply },
      },
    },
    async (request, reply) => {
      const update = toTeamKeysUpdate(request.body);
      const results = await updateTeamKeys(keyManagement, request.caller, request.actor(), update);
      nameUnenforcedFields(reply, findUnenforcedFields(request.body.update_fields));
      return fromBulkUpdate(results);
    },
  );

  app.post(
    '/key/:key/reset_spend',
    {
      config,
      schema: {
        tags,
        summary: 'Take back what a key has spent in its budget window',
        description: 'The records of its calls stay. To raise spend, use `spend` in /key/update.',
        params: KeyInPath,
        body: KeyResetBody,
        response: { 200: KeyResetReply },
      },
    },
    async (request) => {
      const reset = toSpendReset(request.body, request.params.key);
      return fromSpendReset(await resetKeySpend(keyManagement, request.caller, request.actor(), reset));
    },
  );

  app.post(
    '/key/:key/rollback',
    {
      config,
      schema: {
        tags,
        summary: 'Undo a rotation while the old secret still works',
        description: 'The old secret stands again, the new one dies at once; everything else of the key stays.',
        params: KeyInPath,
        response: { 200: KeyRow },
      },
    },
    async (request) =>
      fromKeyView(await rollbackKey(keyManagement, request.caller, request.actor(), request.params.key)),
  );
}
