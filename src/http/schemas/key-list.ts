/** GET /key/list: query → `KeyListing`, page → reply. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { KEY_STATUSES } from '../../core/key-standing.ts';
import { toNanoUsd } from '../../core/money.ts';
import type { KeyListing, KeyListOptions, KeyPage } from '../../management/keys/list-keys.ts';
import type { KeyView } from '../../management/keys/view-key.ts';
import { fromKeyView, KeyRow } from './key-row.ts';
import { LaxBoolean, LaxDollars } from './key-shapes.ts';
import { pageNumberTo } from './page-numbers.ts';
import { fromUser, UserSummary } from './user-summary.ts';

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
const EXPIRIES = ['active', 'expired'] as const;

const Moment = z.iso.datetime({ offset: true });
/** More pages than there can be keys, and few enough for the database to count with. */
export const MAX_PAGE = 1_000_000_000;
export const MAX_SEARCH = 256;
/** Beyond this a nano-dollar cannot be told from the next. */
const MAX_USD = 9_000_000;
const LIFETIME = "Of the key's whole life, also where a budget window makes `spend` less.";

const SHAPE = {
  page: pageNumberTo(MAX_PAGE).default(1),
  size: pageNumberTo(100).default(10),
  user_id: z.string().optional(),
  user_email: z.string().optional().describe('Instead of user_id; upper and lower case are the same.'),
  team_id: z.string().optional(),
  organization_id: z.string().optional(),
  budget_id: z.string().optional(),
  key_alias: z.string().optional().describe('Exact, without substring_matching.'),
  substring_matching: LaxBoolean.optional().describe(
    'A part of an alias is enough; to administrators of the proxy also of user_id. Upper and lower case are the same.',
  ),
  key_hash: z.string().optional(),
  key_id: z.string().optional(),
  created_by: z.string().optional(),
  tag: z.string().optional(),
  project_id: z.string().optional(),
  access_group_id: z.string().optional().describe('One of access_group_ids.'),
  search: z
    .string()
    .max(MAX_SEARCH)
    .optional()
    .describe('Part of an alias, key_id, mask or user_id; upper and lower case are the same.'),
  status: z
    .string()
    .optional()
    .describe(`One of ${KEY_STATUSES.join(', ')}. Absent: all but deleted keys.`),
  expires: z
    .string()
    .optional()
    .describe('active: keys that have not expired, blocked or not; expired: those that have.'),
  expires_before: Moment.optional().describe('Keys that never expire match neither this nor expires_after.'),
  expires_after: Moment.optional(),
  min_spend: LaxDollars.optional().describe(`US dollars, included. ${LIFETIME}`),
  max_spend: LaxDollars.optional().describe(`US dollars, included. ${LIFETIME}`),
  last_active_before: Moment.optional().describe('Keys that were never used match neither this nor last_active_after.'),
  last_active_after: Moment.optional(),
  never_used: LaxBoolean.optional().describe('true: keys that nobody has called with; false: all others.'),
  sort_by: z
    .string()
    .optional()
    .describe(`One of ${SORT_FIELDS.join(', ')}. Absent: created_at.`),
  sort_order: z.string().optional().describe('asc or desc. Absent: desc.'),
  return_full_object: LaxBoolean.optional().describe('Rows instead of hashes.'),
  include_team_keys: LaxBoolean.optional().describe(
    'Also the keys of teams that the user (user_id, else the caller) administers, or whose members may list keys; of ' +
      'its other teams those that belong to no user.',
  ),
  include_created_by_keys: LaxBoolean.optional().describe(
    'Also the keys that the user made for others; not those in teams that it has left.',
  ),
  expand: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('`user`: rows, each with its `user` and its `created_by_user`, as far as the caller may see users.'),
};
const SUPPORTED = Object.keys(SHAPE);

export const KeyListQuery = z.looseObject(SHAPE);
export type KeyListInput = z.output<typeof KeyListQuery>;

const ListedKey = KeyRow.extend({
  user: UserSummary.nullable().optional().describe('With expand=user; null: nobody, or nobody to be seen.'),
  created_by_user: UserSummary.nullable().optional().describe('The same of who made it.'),
});

export const KeyListReply = z.object({
  keys: z.array(z.union([z.string(), ListedKey])).describe('Hashes; with return_full_object or expand, rows.'),
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
    budgetId: query.budget_id,
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
  const status = pickWord(query.status, KEY_STATUSES, 'status');
  if (status !== undefined) listing.status = status;
  const expires = pickWord(query.expires, EXPIRIES, 'expires');
  if (expires !== undefined) listing.expires = expires;
  if (query.expires_before !== undefined) listing.expiresBeforeMs = Date.parse(query.expires_before);
  if (query.expires_after !== undefined) listing.expiresAfterMs = Date.parse(query.expires_after);
  if (query.last_active_before !== undefined) listing.lastActiveBeforeMs = Date.parse(query.last_active_before);
  if (query.last_active_after !== undefined) listing.lastActiveAfterMs = Date.parse(query.last_active_after);
  if (query.never_used !== undefined) listing.neverUsed = query.never_used;
  const [minSpend, maxSpend] = [readSpend(query, 'min_spend'), readSpend(query, 'max_spend')];
  if (minSpend !== undefined) listing.minSpendNanoUsd = minSpend;
  if (maxSpend !== undefined) listing.maxSpendNanoUsd = maxSpend;
  assertOrdered(minSpend, maxSpend, 'min_spend', 'max_spend');
  assertOrdered(listing.expiresAfterMs, listing.expiresBeforeMs, 'expires_after', 'expires_before');
  assertOrdered(listing.lastActiveAfterMs, listing.lastActiveBeforeMs, 'last_active_after', 'last_active_before');
  return listing;
}

/** Whoever wants users with the keys wants rows. Throws bad_request for words that mean nothing in `expand`. */
export function toKeyListOptions(query: KeyListInput): KeyListOptions {
  const expand = [query.expand ?? []].flat().filter((word) => word !== '');
  for (const word of expand) pickWord(word, ['user'], 'expand');
  return {
    rows: query.return_full_object === true || expand.length > 0,
    users: expand.length > 0,
    teamKeys: query.include_team_keys === true,
    createdKeys: query.include_created_by_keys === true,
    substrings: query.substring_matching === true,
    userEmail: toUserEmail(query),
  };
}

/** Whoever is named twice might be two. */
function toUserEmail({ user_id: id, user_email: email }: KeyListInput): string | null {
  if (email === undefined || email === '') return null;
  if (id === undefined || id === '') return email;
  const message = 'user_id and user_email both name a user. Send one of them.';
  throw new GatewayError('bad_request', message, { param: 'user_email' });
}

function readSpend(query: KeyListInput, param: 'min_spend' | 'max_spend'): number | undefined {
  const usd = query[param] ?? undefined;
  if (usd === undefined || Math.abs(usd) <= MAX_USD) return usd === undefined ? undefined : toNanoUsd(usd);
  const message = `${param} must be a number of dollars between -${MAX_USD} and ${MAX_USD}.`;
  throw new GatewayError('bad_request', message, { param });
}

/** A range without an inside is a mistake, and an empty list would not tell. */
function assertOrdered(low: number | undefined, high: number | undefined, lowName: string, highName: string): void {
  if (low === undefined || high === undefined || low <= high) return;
  throw new GatewayError('bad_request', `${lowName} must not be above ${highName}.`, { param: lowName });
}

export function fromKeyPage(
  { keys, views, users, total }: KeyPage,
  query: KeyListInput,
): z.output<typeof KeyListReply> {
  return {
    keys: views === null ? keys.map(({ hash }) => hash) : views.map((view) => fromListedKey(view, users)),
    total_count: total,
    current_page: query.page,
    total_pages: Math.ceil(total / query.size),
  };
}

function fromListedKey(view: KeyView, users: KeyPage['users']): z.output<typeof ListedKey> {
  if (users === null) return fromKeyView(view);
  const show = (id: string | null) => {
    const user = users.get(id ?? '');
    return user === undefined ? null : fromUser(user);
  };
  const { userId, createdBy } = view.key;
  return { ...fromKeyView(view), user: show(userId), created_by_user: show(createdBy) };
}

function pickWord<Word extends string>(
  text: string | undefined,
  words: readonly Word[],
  param: string,
): Word | undefined {
  if (text === undefined || text === '') return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new GatewayError('bad_request', `Invalid ${param} value. ${param} must be one of: ${words.join(', ')}.`, {
    param,
  });
}
