/** GET /key/info and POST /v2/key/info. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyView } from '../../management/keys/view-key.ts';
import { fromKeyView, KeyRow } from './key-row.ts';
import { Texts } from './key-shapes.ts';

export const KeyInfoQuery = z.looseObject({
  key: z.string().optional().describe('Secret, hash, key_id or alias. Absent: the key that is calling.'),
});

export const KeyInfoReply = z.object({
  key: z.string().describe('As passed.'),
  info: KeyRow.omit({ token: true }),
});

export function fromKeyInfo(view: KeyView, passed: string): z.output<typeof KeyInfoReply> {
  const { token: _token, ...info } = fromKeyView(view);
  return { key: passed, info };
}

const Asked = z.looseObject({
  keys: Texts.nullish().describe('Secrets, hashes, key_ids or aliases.'),
  key_aliases: Texts.nullish(),
});

export const KeyInfosBody = Asked.nullish().transform((body): z.output<typeof Asked> => body ?? {});

/** Throws `nothing_asked` (422) when neither list is given; a list may be empty. */
export function toKeyNames(body: z.output<typeof Asked>): { keys: readonly string[]; aliases: readonly string[] } {
  const { keys = null, key_aliases: aliases = null } = body;
  if (keys === null && aliases === null) {
    throw new GatewayError('nothing_asked', 'Malformed request. No keys passed in.', { param: 'keys' });
  }
  return { keys: keys ?? [], aliases: aliases ?? [] };
}

export const KeyInfosReply = z.object({ key: z.array(z.string()).describe('As passed.'), info: z.array(KeyRow) });
