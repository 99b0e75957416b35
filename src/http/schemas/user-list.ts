/** GET /user/list: query → `UserListing`, page → reply. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { UserRole } from '../../core/owner-records.ts';
import type { UserListing } from '../../management/users/read-users.ts';
import type { UserView } from '../../management/users/view-user.ts';
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
  user_ids: z.string().optional().describe('Separated by commas.'),
  user_email: z.string().optional().describe('Part of an address.'),
  search: z.string().optional().describe('Part of an id, an alias or an address; upper and lower case are the same.'),
  team: z.string().optional().describe('Members of this team.'),
  organization_ids: z.string().optional().describe('Members of one of these; separated by commas.'),
  sort_by: z
    .string()
    .optional()
    .describe(
      `One of ${Object.keys(SORT_FIELDS).join(', ')}. Absent: created_at. spend: over the user's whole life; ` +
        'status: who is blocked and who is not.',
    ),
  sort_order: z.string().optional().describe('asc or desc. Absent: desc.'),
});

export const UserListReply = z.object({
  users: z.array(UserRow),
  total: z.number(),
  page: z.number(),
  page_size: z.number(),
  total_pages: z.number(),
});

type Query = z.output<typeof UserListQuery>;

/** Throws bad_request that names the parameter. */
export function toUserListing(query: Query): UserListing {
  const sortBy = SORT_FIELDS[query.sort_by || 'created_at'];
  if (sortBy === undefined) throw unknownWord('sort_by', Object.keys(SORT_FIELDS));
  const order = query.sort_order || 'desc';
  if (order !== 'asc' && order !== 'desc') throw unknownWord('sort_order', ['asc', 'desc']);
  const ids = splitNames(query.user_ids);
  const organizationIds = splitNames(query.organization_ids);
  const search = query.user_email || query.search;
  return {
    where: {
      ...(ids.length === 0 ? {} : { id: ids }),
      ...(query.role ? { role: query.role as UserRole } : {}),
    },
    ...(search ? { search } : {}),
    ...(query.team ? { teamId: query.team } : {}),
    ...(organizationIds.length === 0 ? {} : { organizationIds }),
    sortBy,
    sortOrder: order,
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  };
}

export function fromUserPage(
  { views, total }: { views: readonly UserView[]; total: number },
  { page, page_size: size }: Query,
  clock: LimitClock,
): z.output<typeof UserListReply> {
  return {
    users: views.map((view) => fromUser(view, clock)),
    total,
    page,
    page_size: size,
    total_pages: Math.ceil(total / size),
  };
}

function splitNames(text = ''): string[] {
  return text.split(',').filter((name) => name !== '');
}

function unknownWord(param: string, known: readonly string[]): GatewayError {
  return new GatewayError('bad_request', `${param} must be one of ${known.join(', ')}.`, { param });
}
