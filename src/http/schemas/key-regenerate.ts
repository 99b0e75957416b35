/** POST /key/{key}/regenerate and POST /key/regenerate: body → `KeyRotation`. The reply is that of generate. */
import { z } from 'zod';
import type { IdempotentRequest } from '../../management/keys/idempotency.ts';
import type { KeyRotation } from '../../management/keys/regenerate-key.ts';
import { KEY_FIELDS_SHAPE, toKeyChanges } from './key-fields.ts';
import { DURATION_HELP } from './key-shapes.ts';

const Fields = z.looseObject({
  ...KEY_FIELDS_SHAPE,
  key: z.string().nullish().describe('Secret, hash, key_id or alias; the one in the path goes before it.'),
  new_key: z.string().nullish().describe('The new secret: starts with sk-, 16 characters or more. Else one is made.'),
  grace_period: z.string().nullish().describe(`How long the old secret goes on working. ${DURATION_HELP}`),
  new_master_key: z.string().nullish().describe('Refused: the master key is rotated on the command line.'),
});

export type KeyRegenerateInput = z.output<typeof Fields>;

/** May be missing altogether. */
export const KeyRegenerateBody = Fields.nullish().transform((body): KeyRegenerateInput => body ?? {});

export const KEY_REGENERATE_NAMES = Object.keys(Fields.shape);

export function toKeyRotation(
  body: KeyRegenerateInput,
  pathKey: string | null,
  idempotency: IdempotentRequest | null,
): KeyRotation {
  const grace = body.grace_period ?? '';
  return {
    key: pathKey ?? body.key ?? null,
    newSecret: body.new_key ?? null,
    gracePeriod: grace === '' ? null : grace,
    wantsNewMasterKey: (body.new_master_key ?? null) !== null,
    fields: toKeyChanges(body),
    idempotency,
  };
}
