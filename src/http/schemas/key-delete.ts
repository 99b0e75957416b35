/** POST /key/delete. */
import { z } from 'zod';
import type { KeyDeletion } from '../../management/keys/delete-keys.ts';
import { Texts } from './key-shapes.ts';

export const KeyDeleteBody = z
  .looseObject({
    keys: Texts.nullish().describe('Secrets, hashes, key_ids or aliases.'),
    key_aliases: Texts.nullish(),
  })
  .superRefine((body, context) => {
    if ((body.keys ?? null) !== null || (body.key_aliases ?? null) !== null) return;
    context.addIssue({ code: 'custom', path: ['keys'], message: 'At least one of keys or key_aliases is required' });
  });

export const KeyDeleteReply = z.object({ deleted_keys: z.array(z.string()).describe('As passed.') });

export function toKeyDeletion(body: z.output<typeof KeyDeleteBody>): KeyDeletion {
  return { keys: body.keys ?? null, aliases: body.key_aliases ?? null };
}
