/** GET /key/list: query → `KeyListing`, page → reply. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyListing, KeyPage } from '../../management/keys/list-keys.ts';
import { fromKeyView, KeyRow } from './key-row.ts';
import { LaxBoolean } from './key-shapes.ts';

const SORT_FIELDS = [
  'spend',
  'max_budget',
  'created_at',
  'updated_at',
  'token',
  'key_alias',
  'key_name',
  'expires',
  'last_active',
] as const;
const SORT_ORDERS = ['asc', 'desc'] as const;
const STATUSES = ['active', 'blocked', 'expired', 'deleted'] as const;

const Whole = z.coerce.number({ error: 'Input should be a valid integer' }).int().min(1);
const ALL_KEYS_SHOWN = 'Administrators see all keys either way.';

const SHAPE = {
  page: Whole.default(1),
  size: Whole.max(100).default(10),
  user_id: z.string().optional(),
  team_id: z.string().optional(),
  organization_id: z.string().optional(),
  key_alias: z.string().optional().describe('Exact.'),
  key_hash: z.string().optional(),
  key_id: z.string().optional(),
  created_by: z.string().optional(),
  tag: z.string().optional(),
  project_id: z.string().optional(),
  access_group_id: z.string().optional().describe('One of access_group_ids.'),
  search: z
    .string()
    .optional()
    .describe('Part of an alias, key_id, mask or user_id; upper and lower case are the same.'),
  status: z
    .string()
    .optional()
    .describe(`One of ${STATUSES.join(', ')}. Absent: all but deleted keys.`),
  expires_before: z.iso.datetime({ offset: true }).optional(),
  expires_after: z.iso.datetime({ offset: true }).optional(),
  sort_by: z
    .string()
    .optional()
    .describe(`One of ${SORT_FIELDS.join(', ')}. Absent: created_at.`),
  sort_order: z.string().optional().describe('asc or desc. Absent: desc.'),
  return_full_object: LaxBoolean.optional().describe('Rows instead of hashes.'),
  include_team_keys: LaxBoolean.optional().describe(ALL_KEYS_SHOWN),
  include_created_by_keys: LaxBoolean.optional().describe(ALL_KEYS_SHOWN),
  expand: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('`user`: accepted; rows hold the user_id only.'),
};
const SUPPORTED = Object.keys(SHAPE);

export const KeyListQuery = z.looseObject(SHAPE);
export type KeyListInput = z.output<typeof KeyListQuery>;

export const KeyListReply = z.object({
  keys: z.array(z.union([z.string(), KeyRow])).describe('Hashes; with return_full_object, rows.'),
  total_count: z.number(),
  current_page: z.number(),
  total_pages: z.number(),
});

/** Empty text means "no filter". Throws bad_request for names and words that mean nothing here. */
export function toKeyListing(query: KeyListInput): KeyListing {
  const unknown = Object.keys(query).filter((name) => !SUPPORTED.includes(name));
  if (unknown.length > 0) {
    const message = `Unsupported parameter(s): ${unknown.join(', ')}. Supported parameters: ${SUPPORTED.join(', ')}`;
    throw new GatewayError('bad_request', message, { param: unknown.join(', ') });
  }
  const filters = {
    userId: query.user_id,
    teamId: query.team_id,
    organizationId: query.organization_id,
    alias: query.key_alias,
    hash: query.key_hash,
    keyId: query.key_id,
    createdBy: query.created_by,
    tag: query.tag,
    projectId: query.project_id,
    accessGroupId: query.access_group_id,
    search: query.search,
  };
  const listing: KeyListing = {
    ...Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined && value !== '')),
    page: query.page,
    size: query.size,
    sortBy: pickWord(query.sort_by, SORT_FIELDS, 'sort_by') ?? 'created_at',
    sortOrder: pickWord(query.sort_order, SORT_ORDERS, 'sort_order') ?? 'desc',
  };
  const status = pickWord(query.status, STATUSES, 'status');
  if (status !== undefined) listing.status = status;
  if (query.expires_before !== undefined) listing.expiresBeforeMs = Date.parse(query.expires_before);
  if (query.expires_after !== undefined) listing.expiresAfterMs = Date.parse(query.expires_after);
  return listing;
}

export function fromKeyPage({ keys, views, total }: KeyPage, query: KeyListInput): z.output<typeof KeyListReply> {
  return {
    keys: views === null ? keys.map(({ hash }) => hash) : views.map(fromKeyView),
    total_count: total,
    current_page: query.page,
    total_pages: Math.ceil(total / query.size),
  };
}

function pickWord<Word extends string>(
  text: string | undefined,
  words: readonly Word[],
  param: string,
): Word | undefined {
  if (text === undefined || text === '') return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new GatewayError('bad_request', `${param} must be one of: ${words.join(', ')}.`, { param });
}
