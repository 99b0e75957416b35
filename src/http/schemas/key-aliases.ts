/** GET /key/aliases. */
import { z } from 'zod';
import type { AliasListing } from '../../management/keys/list-key-aliases.ts';
import { MAX_PAGE, MAX_SEARCH } from './key-list.ts';
import { pageNumberTo } from './page-numbers.ts';

export const KeyAliasesQuery = z.looseObject({
  page: pageNumberTo(MAX_PAGE).default(1),
  size: pageNumberTo(100).default(50),
  search: z.string().max(MAX_SEARCH).optional().describe('Part of an alias; upper and lower case are the same.'),
});

export const KeyAliasesReply = z.object({
  aliases: z.array(z.string()),
  total_count: z.number(),
  current_page: z.number(),
  total_pages: z.number(),
  size: z.number(),
});

export function toAliasListing({ page, size, search = '' }: z.output<typeof KeyAliasesQuery>): AliasListing {
  return { page, size, search: search === '' ? null : search };
}

export function fromAliases(
  { aliases, total }: { aliases: string[]; total: number },
  { page, size }: z.output<typeof KeyAliasesQuery>,
): z.output<typeof KeyAliasesReply> {
  return {
    aliases,
    total_count: total,
    current_page: page,
    total_pages: Math.ceil(total / size),
    size,
  };
}
