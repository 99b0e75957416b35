/** Sums over everybody's calls: for administrators, and for keys with the permission `get_spend_routes`. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import { listDailySpend } from '../../management/spend/list-daily-spend.ts';
import type { SpendManagement } from '../../management/spend/spend-management.ts';
import {
  sumAllSpend,
  sumSpendByEndUser,
  sumSpendByKey,
  sumSpendByModel,
  sumSpendByTag,
} from '../../management/spend/sum-spend.ts';
import type { App } from '../app-instance.ts';
import { parseMoment, parseSpan } from '../schemas/spend-dates.ts';
import {
  DailyTotals,
  EndUserSums,
  fromDailyTotals,
  fromEndUserSums,
  fromKeySums,
  fromModelSums,
  fromTagSums,
  GlobalSpend,
  KeySums,
  ModelSums,
  TagSums,
} from '../schemas/spend-sums.ts';

export interface GlobalSpendRoutesDeps {
  spending: SpendManagement;
}

const DAY_MS = 86_400_000;
const DAYS_SHOWN = 30;
const config = { access: 'spend', scope: 'scoped' } as const;
const tags = ['spend'];
const LimitQuery = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(10) });
const DateQuery = z.object({ start_date: z.string().optional(), end_date: z.string().optional() });
const MAX_END_USERS = 100;
const EndUsersBody = z.looseObject({
  api_key: z.string().nullish().describe('Secret, hash, key_id or alias: calls of that key alone.'),
  startTime: z.string().nullish().describe('First day, in UTC.'),
  endTime: z.string().nullish().describe('Last day, in UTC.'),
});
const KeyQuery = z.object({ api_key: z.string().optional() });

export function registerGlobalSpendRoutes(app: App, { spending }: GlobalSpendRoutesDeps): void {
  app.get(
    '/global/spend',
    { config, schema: { tags, summary: 'All that has been spent', response: { 200: GlobalSpend } } },
    async (request) => {
      const { proxyMaxBudgetNanoUsd: ceiling } = spending;
      const spent = await sumAllSpend(spending, request.caller);
      return { spend: toUsd(spent), max_budget: ceiling === null ? null : toUsd(ceiling) };
    },
  );

  app.get(
    '/global/spend/keys',
    {
      config,
      schema: { tags, summary: 'Keys that have spent most', querystring: LimitQuery, response: { 200: KeySums } },
    },
    async ({ caller, query }) => fromKeySums(await sumSpendByKey(spending, caller, query.limit)),
  );

  app.get(
    '/global/spend/models',
    {
      config,
      schema: { tags, summary: 'Models that cost most', querystring: LimitQuery, response: { 200: ModelSums } },
    },
    async ({ caller, query }) => fromModelSums(await sumSpendByModel(spending, caller, query.limit)),
  );

  app.get(
    '/global/spend/tags',
    { config, schema: { tags, summary: 'Spend per request tag', querystring: DateQuery, response: { 200: TagSums } } },
    async ({ caller, query }) =>
      fromTagSums(await sumSpendByTag(spending, caller, parseSpan(query.start_date, query.end_date))),
  );

  app.post(
    '/global/spend/end_users',
    {
      config,
      schema: {
        tags,
        summary: 'End users who cost most',
        description: `At most ${MAX_END_USERS}. Days are counted whole.`,
        body: EndUsersBody.nullish().transform((body): z.output<typeof EndUsersBody> => body ?? {}),
        response: { 200: EndUserSums },
      },
    },
    async ({ caller, body }) => {
      const question = {
        ...(body.api_key ? { apiKey: body.api_key } : {}),
        ...(body.startTime ? { fromMs: parseMoment(body.startTime, 'startTime').startMs } : {}),
        ...(body.endTime ? { toMs: parseMoment(body.endTime, 'endTime').endMs } : {}),
      };
      return fromEndUserSums(await sumSpendByEndUser(spending, caller, question, MAX_END_USERS));
    },
  );

  app.get(
    '/global/spend/logs',
    {
      config,
      schema: {
        tags,
        summary: 'Spend per day, over the last 30 days',
        querystring: KeyQuery,
        response: { 200: DailyTotals },
      },
    },
    async ({ caller, query }) => {
      const today = Math.floor(spending.nowMs() / DAY_MS) * DAY_MS;
      const days = await listDailySpend(spending, caller, {
        fromMs: today - (DAYS_SHOWN - 1) * DAY_MS,
        ...(query.api_key ? { apiKey: query.api_key } : {}),
      });
      return fromDailyTotals(days);
    },
  );
}
