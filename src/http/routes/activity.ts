/** What was called per day, by whom and for how much: for users, teams, organisations, customers and tags. */
import { z } from 'zod';
import { type ActivityEntity, listActivity } from '../../management/spend/list-activity.ts';
import type { SpendManagement, UsageRow } from '../../management/spend/spend-management.ts';
import type { App } from '../app-instance.ts';
import {
  ActivityPageQuery,
  ActivityQuery,
  ActivityReply,
  type EntityNaming,
  fromActivity,
} from '../schemas/activity.ts';
import { optionalText, parseDays, parseNames, withCurrentDay, withoutAbsent } from '../schemas/usage-query.ts';

interface ActivityRoutesDeps {
  spending: SpendManagement;
}

/** The names by which a report is narrowed, comma-separated. */
const Selection = z.object({
  user_id: optionalText,
  user_ids: optionalText,
  team_id: optionalText,
  team_ids: optionalText.describe('Comma-separated.'),
  exclude_team_ids: optionalText.describe('Comma-separated.'),
  organization_id: optionalText,
  organization_ids: optionalText.describe('Comma-separated.'),
  exclude_organization_ids: optionalText.describe('Comma-separated.'),
  end_user_id: optionalText,
  end_user_ids: optionalText.describe('Comma-separated.'),
  exclude_end_user_ids: optionalText.describe('Comma-separated.'),
  tag: optionalText,
  tags: optionalText.describe('Comma-separated; calls with one of them.'),
  exclude_tags: optionalText.describe('Comma-separated; calls with none of them.'),
});

interface Kind extends EntityNaming {
  entity: ActivityEntity;
  /** Whether there is an answer without pages, too. */
  aggregated: boolean;
  about: string;
}

const nothing = () => ({});
const one = (read: (row: UsageRow) => string) => (row: UsageRow) => (read(row) === '' ? [] : [read(row)]);

const CUSTOMERS: Kind = {
  entity: 'end_user',
  aggregated: false,
  about: 'end users',
  namesOf: one((row) => row.endUser),
  describe: (id, { customers }) => ({ alias: customers.get(id) ?? null }),
};

const KINDS: Readonly<Record<string, Kind>> = {
  '/user/daily/activity': {
    entity: 'user',
    aggregated: true,
    about: 'users; to a user, itself',
    namesOf: one((row) => row.userId),
    describe: (id, { users, emails }) => ({
      user_email: emails.get(id) ?? null,
      user_alias: users.get(id) ?? null,
    }),
  },
  '/team/daily/activity': {
    entity: 'team',
    aggregated: true,
    about: 'teams; members who administer none see their own calls there',
    namesOf: one((row) => row.teamId),
    describe: (id, { teams }) => ({ team_alias: teams.get(id) ?? null }),
  },
  '/organization/daily/activity': {
    entity: 'organization',
    aggregated: false,
    about: 'organisations',
    namesOf: one((row) => row.organizationId),
    describe: (id, { organizations }) => ({ organization_alias: organizations.get(id) ?? null }),
  },
  '/customer/daily/activity': CUSTOMERS,
  '/end_user/daily/activity': CUSTOMERS,
  '/tag/daily/activity': {
    entity: 'tags',
    aggregated: false,
    about: 'tags; a call with two tags is shown under both and counted once in the totals',
    namesOf: (row) => row.tags,
    describe: nothing,
  },
};

export function registerActivityRoutes(app: App, { spending }: ActivityRoutesDeps): void {
  for (const [path, kind] of Object.entries(KINDS)) {
    app.get(
      path,
      {
        config: { access: 'spend', scope: 'scoped', errorDetail: true },
        schema: {
          tags: ['spend'],
          summary: `Calls and spend per day: ${kind.about}`,
          description:
            'Newest day first, from the daily sums. Days are UTC. Totals in `metadata` are those of the page.',
          querystring: ActivityPageQuery.extend(Selection.shape),
          response: { 200: ActivityReply },
        },
      },
      async ({ caller, query }) => {
        const page = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
        const filter = toFilter(query, spending.nowMs());
        const activity = await listActivity(spending, caller, kind.entity, filter, page);
        return fromActivity(activity, kind, query);
      },
    );
    if (!kind.aggregated) continue;
    app.get(
      `${path}/aggregated`,
      {
        config: { access: 'spend', scope: 'scoped', errorDetail: true },
        schema: {
          tags: ['spend'],
          summary: `Calls and spend per day, without pages: ${kind.about}`,
          description: 'Refused where it would be too much for one answer.',
          querystring: ActivityQuery.extend(Selection.shape),
          response: { 200: ActivityReply },
        },
      },
      async ({ caller, query }) => {
        const activity = await listActivity(spending, caller, kind.entity, toFilter(query, spending.nowMs()));
        return fromActivity(activity, kind, { page: 1, page_size: Math.max(1, activity.total) });
      },
    );
  }
}

type Query = z.output<typeof ActivityQuery> & z.output<typeof Selection>;

function toFilter(query: Query, nowMs: number) {
  return {
    ...withCurrentDay(parseDays(query), query, nowMs),
    ...withoutAbsent({
      apiKey: query.api_key,
      models: query.model === undefined ? undefined : [query.model],
      userIds: parseNames(query.user_id, query.user_ids),
      teamIds: parseNames(query.team_id, query.team_ids),
      exceptTeamIds: parseNames(query.exclude_team_ids),
      organizationIds: parseNames(query.organization_id, query.organization_ids),
      exceptOrganizationIds: parseNames(query.exclude_organization_ids),
      endUsers: parseNames(query.end_user_id, query.end_user_ids),
      exceptEndUsers: parseNames(query.exclude_end_user_ids),
      tags: parseNames(query.tag, query.tags),
      exceptTags: parseNames(query.exclude_tags),
    }),
  };
}
