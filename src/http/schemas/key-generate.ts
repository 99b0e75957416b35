/** POST /key/generate: body → `NewKey`, key and secret → reply. */
import { z } from 'zod';
import { KEY_TYPES } from '../../core/key.ts';
import type { NewKey } from '../../management/keys/generate-key.ts';
import type { IdempotentRequest } from '../../management/keys/idempotency.ts';
import type { IssuedKey } from '../../management/keys/view-key.ts';
import { KEY_FIELDS_SHAPE, METADATA_FIELDS, toKeyFields, withoutSecrets } from './key-fields.ts';
import { fromKeyView, KeyRow } from './key-row.ts';
import { LaxBoolean } from './key-shapes.ts';

/** What each kind of key may call, as groups of routes. */
const ROUTES_OF_TYPE = {
  default: [],
  llm_api: ['llm_api_routes'],
  management: ['management_routes'],
  read_only: ['info_routes'],
} as const satisfies Record<(typeof KEY_TYPES)[number], readonly string[]>;

/** Open: what LiteLLM's clients send beyond this is ignored, and named in a header of the reply. */
export const KeyGenerateBody = z.looseObject({
  ...KEY_FIELDS_SHAPE,
  key: z.string().nullish().describe('A secret of your own: starts with sk-, 16 characters or more. Else one is made.'),
  key_type: z
    .enum(KEY_TYPES)
    .nullish()
    .describe('A preset of allowed_routes; a list that is given as well goes before it.'),
  send_invite_email: LaxBoolean.nullish().describe(
    'The key is sent by mail to its user. Refused where the gateway sends no mail, or knows no address.',
  ),
  user_email: z.string().nullish().describe('Where that mail goes, in place of the address of the user.'),
});

export const KEY_GENERATE_NAMES = Object.keys(KeyGenerateBody.shape);
export type KeyGenerateInput = z.output<typeof KeyGenerateBody>;

export const KeyGenerateReply = KeyRow.extend({
  key: z.string().describe('The secret. Shown now and never again.'),
  token_id: z.string(),
  duration: z.string().nullable(),
});

export function toNewKey(body: KeyGenerateInput, idempotency: IdempotentRequest | null): NewKey {
  const fields = toKeyFields(body);
  const preset = ROUTES_OF_TYPE[body.key_type ?? 'default'];
  const wantsPreset = preset.length > 0 && (fields.allowedRoutes ?? []).length === 0;
  const typed = body.key_type == null ? fields : { ...fields, extra: { ...fields.extra, key_type: body.key_type } };
  return {
    fields: wantsPreset ? { ...typed, allowedRoutes: preset } : typed,
    secret: body.key ?? null,
    sendInviteEmail: body.send_invite_email === true,
    inviteEmail: body.user_email?.trim() || null,
    request: withoutSecrets(body, ['key']),
    idempotency,
  };
}

/** The row, the secret, and the fields of the request that live elsewhere in the row. Also regenerate's reply. */
export function fromIssuedKey(
  issued: IssuedKey,
  request: { duration?: string | null | undefined },
): z.output<typeof KeyGenerateReply> {
  const row = fromKeyView(issued);
  const fromMetadata = METADATA_FIELDS.map((name) => [name, row.metadata[name] ?? null]);
  return {
    ...Object.fromEntries(fromMetadata),
    ...row,
    key: issued.secret,
    token_id: row.token,
    duration: request.duration ?? null,
  };
}
