/** GET /user/list: query → `UserListing`, page → reply. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { UserRole } from '../../core/owner-records.ts';
import type { ListedUser, UserListing } from '../../management/users/read-users.ts';
import type { LimitClock } from './limit-fields.ts';
import { PageNumber, pageNumberTo } from './page-numbers.ts';
import { fromUser, UserRow } from './user.ts';

const SORT_FIELDS: Readonly<Record<string, NonNullable<UserListing['sortBy']>>> = {
  user_id: 'id',
  user_email: 'email',
  user_alias: 'alias',
  user_role: 'role',
  created_at: 'createdAtMs',
  updated_at: 'updatedAtMs',
  max_budget: 'maxBudgetNanoUsd',
  spend: 'spend',
  status: 'blocked',
};

export const UserListQuery = z.object({
  page: PageNumber.default(1),
  page_size: pageNumberTo(100).default(25),
  role: z.string().optional(),
  user_ids: z.string().optional().describe('Separated by commas. One alone: a part of an id is enough.'),
  user_email: z.string().optional().describe('Part of an address.'),
  search: z.string().optional().describe('Part of an id, an alias or an address; upper and lower case are the same.'),
  team: z.string().optional().describe('Members of this team.'),
  organization_ids: z.string().optional().describe('Members of one of these; separated by commas.'),
  sso_user_ids: z.string().optional().describe('Refused: nobody is found by it.'),
  sort_by: z
    .string()
    .optional()
    .describe(
      `One of ${Object.keys(SORT_FIELDS).join(', ')}. Absent: the latest first. spend: over the user's whole life; ` +
        'status: who is blocked and who is not.',
    ),
  sort_order: z.string().optional().describe('asc or desc. Absent: asc; without sort_by: desc.'),
});

export const UserListReply = z.object({
  users: z.array(UserRow.extend({ key_count: z.number().describe('Keys that the caller may see.') })),
  total: z.number(),
  page: z.number(),
  page_size: z.number(),
  total_pages: z.number(),
});

type Query = z.output<typeof UserListQuery>;

/** Throws bad_request that names the parameter. */
export function toUserListing(query: Query): UserListing {
  if (query.sso_user_ids) {
    const message = 'Users are not found by sso_user_ids; ask by user_ids, user_email or search.';
    throw new GatewayError('bad_request', message, { param: 'sso_user_ids' });
  }
  const sortBy = SORT_FIELDS[query.sort_by || 'created_at'];
  if (sortBy === undefined) throw unknownWord('sort_by', Object.keys(SORT_FIELDS));
  const order = query.sort_order?.toLowerCase() || (query.sort_by ? 'asc' : 'desc');
  if (order !== 'asc' && order !== 'desc') throw unknownWord('sort_order', ['asc', 'desc']);
  const ids = splitNames(query.user_ids);
  const organizationIds = splitNames(query.organization_ids);
  return {
    where: {
      ...(ids.length > 1 ? { id: ids } : {}),
      ...(query.role ? { role: query.role as UserRole } : {}),
    },
    contains: toContains(ids.length === 1 ? ids[0] : undefined, query.user_email),
    ...(query.search ? { search: query.search } : {}),
    ...(query.team ? { teamId: query.team } : {}),
    ...(organizationIds.length === 0 ? {} : { organizationIds }),
    sortBy,
    sortOrder: order,
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  };
}

function toContains(id: string | undefined, email: string | undefined): NonNullable<UserListing['contains']> {
  return { ...(id ? { id } : {}), ...(email ? { email } : {}) };
}

export const UserFilterQuery = z.object({
  page: PageNumber.default(1),
  page_size: pageNumberTo(100).default(50),
  user_id: z.string().optional().describe('Part of an id.'),
  user_email: z.string().optional().describe('Part of an address.'),
  organization_id: z.string().optional().describe('Members of this organization.'),
});

export function toUserFilter(query: z.output<typeof UserFilterQuery>): UserListing {
  return {
    contains: toContains(query.user_id, query.user_email),
    ...(query.organization_id ? { organizationIds: [query.organization_id] } : {}),
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  };
}

export function fromUserPage(
  { users, total }: { users: readonly ListedUser[]; total: number },
  { page, page_size: size }: Query,
  clock: LimitClock,
): z.output<typeof UserListReply> {
  return {
    users: users.map((user) => ({ ...fromUser(user, clock), key_count: user.keyCount })),
    total,
    page,
    page_size: size,
    total_pages: Math.ceil(total / size),
  };
}

function splitNames(text = ''): string[] {
  const names = text.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}

function unknownWord(param: string, known: readonly string[]): GatewayError {
  return new GatewayError('bad_request', `${param} must be one of ${known.join(', ')}.`, { param });
}
