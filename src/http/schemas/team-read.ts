/** GET /team/info, /team/list, /v2/team/list and /team/available. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyView } from '../../management/keys/view-key.ts';
import type { OwnMembership } from '../../management/teams/get-own-membership.ts';
import type { TeamInfo } from '../../management/teams/get-team-info.ts';
import type { ListedTeam, TeamListing } from '../../management/teams/list-teams.ts';
import type { TeamView } from '../../management/teams/view-team.ts';
import { fromKeyView, KeyRow } from './key-row.ts';
import type { LimitClock } from './limit-fields.ts';
import { PageNumber, pageNumberTo } from './page-numbers.ts';
import { fromMemberView, fromTeamView, TeamMembershipRow, TeamRow } from './team-row.ts';

const TeamKeyRow = KeyRow.omit({ token: true });

/** As many keys as a reader can take in. */
const MAX_INFO_KEYS = 500;

export const TeamInfoQuery = z.looseObject({
  team_id: z.string().min(1),
  key_limit: PageNumber.optional().describe(`How many keys to list at most; never more than ${MAX_INFO_KEYS}.`),
});

export function toKeyLimit({ key_limit: limit }: z.output<typeof TeamInfoQuery>): number {
  return Math.min(limit ?? MAX_INFO_KEYS, MAX_INFO_KEYS);
}

export const TeamInfoReply = z.object({
  team_id: z.string(),
  team_info: TeamRow,
  keys: z.array(TeamKeyRow).describe('Newest first; /key/list has all of them.'),
  team_memberships: z.array(TeamMembershipRow),
});

export function fromTeamInfo({ view, keys, memberships }: TeamInfo, clock: LimitClock): z.output<typeof TeamInfoReply> {
  return {
    team_id: view.team.id,
    team_info: fromTeamView(view, clock),
    keys: keys.map(fromTeamKey),
    team_memberships: memberships.map((membership) => fromMemberView(membership, clock)),
  };
}

export function fromTeamKey(key: KeyView) {
  const { token: _token, ...row } = fromKeyView(key);
  return row;
}

export const OwnMembershipReply = TeamMembershipRow.extend({
  user_email: z.string().nullable(),
  team_alias: z.string().nullable(),
});

export function fromOwnMembership({ team, place }: OwnMembership, clock: LimitClock) {
  return { ...fromMemberView(place, clock), user_email: place.email, team_alias: team.alias };
}

const FILTERS = {
  user_id: z.string().optional().describe('A member.'),
  organization_id: z.string().optional().describe('default_organization: teams without one.'),
};

export const TeamListQuery = z.looseObject(FILTERS);
export const TeamListReply = z.array(
  TeamRow.extend({ team_memberships: z.array(TeamMembershipRow), keys: z.array(TeamKeyRow) }),
);

const SORT_FIELDS = {
  team_id: 'id',
  team_alias: 'alias',
  created_at: 'createdAtMs',
  updated_at: 'updatedAtMs',
  max_budget: 'maxBudgetNanoUsd',
} as const;

export const TeamPageQuery = z.looseObject({
  ...FILTERS,
  team_id: z.string().optional(),
  team_alias: z.string().optional().describe('Part of an alias or id; upper and lower case are the same.'),
  search: z.string().optional().describe('The same.'),
  status: z.string().optional().describe('deleted: only those. Absent: living teams.'),
  page: PageNumber.default(1),
  page_size: pageNumberTo(100).default(10),
  sort_by: z
    .string()
    .optional()
    .describe(`One of ${Object.keys(SORT_FIELDS).join(', ')}. Absent: created_at.`),
  sort_order: z.string().optional().describe('asc or desc. Absent: desc.'),
});
export const TeamPageReply = z.object({
  teams: z.array(
    TeamRow.extend({
      team_memberships: z.array(TeamMembershipRow),
      members_count: z.number(),
      keys_count: z.number(),
    }),
  ),
  total: z.number(),
  page: z.number(),
  page_size: z.number(),
  total_pages: z.number(),
});

/** LiteLLM's name for "no organisation". */
const NO_ORGANIZATION = 'default_organization';

function toFilters(query: { user_id?: string | undefined; organization_id?: string | undefined }) {
  return {
    userId: query.user_id || null,
    organizationId: query.organization_id === NO_ORGANIZATION ? '' : query.organization_id || null,
  };
}

export function toTeamListing(query: z.output<typeof TeamListQuery>, limit: number): TeamListing {
  const order = { sortBy: 'alias', sortOrder: 'asc', limit, offset: 0 } as const;
  return { ...toFilters(query), teamId: null, search: null, deleted: false, ...order };
}

/** Throws bad_request for words that mean nothing here. */
export function toTeamPage(query: z.output<typeof TeamPageQuery>): TeamListing {
  const sortBy = pickWord(query.sort_by, SORT_FIELDS, 'sort_by');
  const sortOrder = pickWord(query.sort_order, { asc: 'asc', desc: 'desc' } as const, 'sort_order');
  const deleted = pickWord(query.status, { deleted: true, active: false } as const, 'status');
  return {
    ...toFilters(query),
    teamId: query.team_id || null,
    search: query.team_alias || query.search || null,
    deleted: deleted ?? false,
    sortBy: sortBy ?? 'createdAtMs',
    sortOrder: sortOrder ?? 'desc',
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  };
}

export function fromListedTeam(team: ListedTeam, clock: LimitClock) {
  return {
    ...fromTeamView(team, clock),
    team_memberships: team.memberships.map((membership) => fromMemberView(membership, clock)),
  };
}

interface TeamPage {
  teams: readonly ListedTeam[];
  total: number;
  /** By team; none that has no keys. */
  keyCounts: ReadonlyMap<string, number>;
}

export function fromTeamPage(
  { teams, total, keyCounts }: TeamPage,
  query: z.output<typeof TeamPageQuery>,
  clock: LimitClock,
): z.output<typeof TeamPageReply> {
  return {
    teams: teams.map((team) => ({
      ...fromListedTeam(team, clock),
      members_count: team.members.length,
      keys_count: keyCounts.get(team.team.id) ?? 0,
    })),
    total,
    page: query.page,
    page_size: query.page_size,
    total_pages: Math.ceil(total / query.page_size),
  };
}

export const AvailableTeamsReply = z.array(
  z.object({
    team_id: z.string(),
    team_alias: z.string().nullable(),
    organization_id: z.string().nullable(),
    models: z.array(z.string()),
    members_count: z.number(),
  }),
);

/** What somebody may know who thinks about joining. */
export function fromAvailableTeam({ team, members }: TeamView) {
  return {
    team_id: team.id,
    team_alias: team.alias,
    organization_id: team.organizationId,
    models: [...team.models],
    members_count: members.length,
  };
}

function pickWord<Value>(
  text: string | undefined,
  words: Readonly<Record<string, Value>>,
  param: string,
): Value | undefined {
  if (text === undefined || text === '') return undefined;
  if (Object.hasOwn(words, text)) return words[text];
  throw new GatewayError(
    'bad_request',
    `Invalid ${param} value. It must be one of: ${Object.keys(words).join(', ')}.`,
    { param },
  );
}
