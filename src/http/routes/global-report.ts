/** Spend and calls by team, customer, key, provider and day, from the daily sums, as far as the caller may see them. */
import { z } from 'zod';
import type { SpendManagement, UsageDimension } from '../../management/spend/spend-management.ts';
import { sumSpendByTag } from '../../management/spend/sum-spend.ts';
import { sumUsage } from '../../management/spend/sum-usage.ts';
import type { App } from '../app-instance.ts';
import {
  CallSums,
  fromCallSums,
  fromKeyReport,
  fromModelCallSums,
  fromOwnerReport,
  fromProviderSums,
  fromTeamSums,
  ModelCallSums,
  ProviderSpend,
  ReportQuery,
  TeamSpend,
} from '../schemas/global-report.ts';
import { DAY_SHAPE, parseDays, parseRecentDays, withoutAbsent } from '../schemas/usage-query.ts';

interface GlobalReportRoutesDeps {
  spending: SpendManagement;
}

const config = { access: 'spend', scope: 'scoped' } as const;
const tags = ['spend'];
const DayQuery = z.object(DAY_SHAPE);

export function registerGlobalReportRoutes(app: App, { spending }: GlobalReportRoutesDeps): void {
  app.get(
    '/global/spend/report',
    {
      config,
      schema: {
        tags,
        summary: 'Spend per day by team or customer, or by key',
        description: 'Everything is taken from the daily sums; days are UTC.',
        querystring: ReportQuery,
        response: { 200: z.array(z.looseObject({})) },
      },
    },
    async ({ caller, query }) => {
      const ofKeys = query.api_key !== undefined || query.internal_user_id !== undefined;
      const groupBy = query.group_by || (ofKeys ? 'api_key' : 'team');
      const filter = {
        ...parseDays(query),
        ...withoutAbsent({
          apiKey: query.api_key,
          userIds: listOf(query.internal_user_id),
          teamIds: listOf(query.team_id),
          endUsers: listOf(query.customer_id),
          having: groupBy === 'customer' ? ('end_user' as const) : undefined,
        }),
      };
      if (groupBy === 'api_key') {
        return fromKeyReport((await sumUsage(spending, caller, filter, ['key_hash', 'model'])).rows);
      }
      const owner: UsageDimension = groupBy === 'team' ? 'team' : 'end_user';
      const sums = await sumUsage(spending, caller, filter, ['day', owner, 'model', 'key_hash']);
      return fromOwnerReport(sums, groupBy);
    },
  );

  app.get(
    '/global/spend/teams',
    {
      config,
      schema: {
        tags,
        summary: 'Spend per day and team',
        description: 'Without dates over the last 30 days.',
        querystring: DayQuery,
        response: { 200: TeamSpend },
      },
    },
    async ({ caller, query }) => {
      const days = parseRecentDays(query, spending.nowMs());
      return fromTeamSums(await sumUsage(spending, caller, days, ['day', 'team']));
    },
  );

  app.get(
    '/global/spend/provider',
    {
      config,
      schema: { tags, summary: 'Spend per provider', querystring: DayQuery, response: { 200: ProviderSpend } },
    },
    async ({ caller, query }) => fromProviderSums(await sumUsage(spending, caller, parseDays(query), ['provider'])),
  );

  app.get(
    '/global/spend/all_tag_names',
    {
      config,
      schema: {
        tags,
        summary: 'All tags that calls have had',
        response: { 200: z.object({ tag_names: z.array(z.string()) }) },
      },
    },
    async ({ caller }) => ({
      tag_names: (await sumSpendByTag(spending, caller, {})).map(({ tag }) => tag).sort(),
    }),
  );

  app.get(
    '/global/activity',
    {
      config,
      schema: { tags, summary: 'Calls and tokens per day', querystring: DayQuery, response: { 200: CallSums } },
    },
    async ({ caller, query }) => fromCallSums((await sumUsage(spending, caller, parseDays(query), ['day'])).rows),
  );

  app.get(
    '/global/activity/model',
    {
      config,
      schema: {
        tags,
        summary: 'Calls and tokens per day of the models that are called most',
        querystring: DayQuery,
        response: { 200: ModelCallSums },
      },
    },
    async ({ caller, query }) =>
      fromModelCallSums((await sumUsage(spending, caller, parseDays(query), ['day', 'model_group'])).rows),
  );
}

function listOf(name: string | undefined): string[] | undefined {
  return name === undefined ? undefined : [name];
}
