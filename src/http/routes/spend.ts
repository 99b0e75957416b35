/** What calls have cost: the calls themselves, and a key's own spend. Sums over everybody: routes/global-spend.ts. */
import { z } from 'zod';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { toUsd } from '../../core/money.ts';
import { calculateCost } from '../../management/spend/calculate-cost.ts';
import { listDailySpend } from '../../management/spend/list-daily-spend.ts';
import { listKeySpend } from '../../management/spend/list-key-spend.ts';
import { listSpendLogs } from '../../management/spend/list-spend-logs.ts';
import type { SpendManagement } from '../../management/spend/spend-management.ts';
import { seesAllSpend } from '../../management/spend/spend-scope.ts';
import { sumSpendByTag, sumSpendByUser } from '../../management/spend/sum-spend.ts';
import type { App } from '../app-instance.ts';
import { fromKeyView, KeyRow } from '../schemas/key-row.ts';
import { SpendCalculateBody, SpendCalculateReply, toCostQuestion } from '../schemas/spend-calculate.ts';
import { parseSpan } from '../schemas/spend-dates.ts';
import { fromSpendRow, SpendLogContent } from '../schemas/spend-log-row.ts';
import {
  asksForDays,
  fromDailySpend,
  SpendLogsPage,
  SpendLogsPageQuery,
  SpendLogsQuery,
  toLogFilter,
  toPagedFilter,
  toPagedSort,
} from '../schemas/spend-logs.ts';
import { TOTAL_HELP, tellTotal } from '../total-header.ts';

export interface SpendRoutesDeps {
  spending: SpendManagement;
}

const MAX_KEYS = 1_000;
const MAX_USERS = 1_000;

/** Who may see every call is told that there is none; others cannot tell it from one that is not theirs. */
function callNotShown(caller: Caller): GatewayError {
  const param = 'request_id';
  if (seesAllSpend(caller)) return new GatewayError('not_found', 'There is no call of this request_id.', { param });
  return new GatewayError('forbidden', `Not authorized to view this call. Your role=${caller.role}`, { param });
}

const DateQuery = z.object({ start_date: z.string().optional(), end_date: z.string().optional() });

export function registerSpendRoutes(app: App, { spending }: SpendRoutesDeps): void {
  app.get(
    '/spend/logs',
    {
      config: { access: 'info', scope: 'scoped' },
      schema: {
        tags: ['spend'],
        summary: 'Calls and what they cost, or spend per day',
        description:
          'With dates: one item per day, unless summarize=false. Else the calls, newest first. ' +
          'A key sees its own calls; administrators see all.',
        querystring: SpendLogsQuery,
        response: { 200: z.array(z.looseObject({})) },
      },
    },
    async (request, reply) => {
      const { query, caller } = request;
      const filter = toLogFilter(query);
      if (asksForDays(query)) return fromDailySpend(await listDailySpend(spending, caller, filter));
      const page = await listSpendLogs(spending, caller, filter, { limit: query.limit, offset: 0 });
      reply.headers({ 'x-latchkey-total-rows': page.total, 'x-latchkey-row-limit': query.limit });
      if (page.total > page.rows.length) reply.header('x-litellm-spend-logs-truncated', 'true');
      tellTotal(reply, page);
      return page.rows.map((row) => fromSpendRow(row, page.teamAliases));
    },
  );

  for (const url of ['/spend/logs/v2', '/spend/logs/ui']) {
    app.get(
      url,
      {
        config: { access: 'info', scope: 'scoped' },
        schema: {
          tags: ['spend'],
          summary: 'Calls and what they cost, page by page',
          description:
            'Newest first, unless `sort_by` says otherwise. To a user its own, and those of teams and organisations that it ' +
            `administers, or of teams that open them to their members. ${TOTAL_HELP}`,
          querystring: SpendLogsPageQuery,
          response: { 200: SpendLogsPage },
        },
      },
      async (request, reply) => {
        const { page, page_size: size } = request.query;
        const filter = toPagedFilter(request.query);
        const sort = toPagedSort(request.query);
        const span = { limit: size, offset: (page - 1) * size };
        const found = await listSpendLogs(spending, request.caller, filter, { ...span, sort, ofTeams: true });
        const { rows, total, teamAliases } = found;
        tellTotal(reply, found);
        return {
          data: rows.map((row) => fromSpendRow(row, teamAliases)),
          total,
          total_is_capped: !found.isTotalExact,
          page,
          page_size: size,
          total_pages: Math.ceil(total / size),
        };
      },
    );
  }

  app.get(
    '/spend/logs/ui/:request_id',
    {
      config: { access: 'info', scope: 'scoped' },
      schema: {
        tags: ['spend'],
        summary: 'What was asked and answered in one call',
        description:
          'Empty unless prompts and answers are kept. A call that the caller may not see is as good as none.',
        params: z.object({ request_id: z.string().describe("Our request id or the upstream's response id.") }),
        response: { 200: SpendLogContent },
      },
    },
    async ({ caller, params }) => {
      const filter = { requestId: params.request_id };
      const { rows, teamAliases } = await listSpendLogs(spending, caller, filter, {
        limit: 1,
        offset: 0,
        ofTeams: true,
      });
      const [row] = rows;
      if (row === undefined) throw callNotShown(caller);
      return fromSpendRow(row, teamAliases) as unknown as z.output<typeof SpendLogContent>;
    },
  );

  app.get(
    '/spend/keys',
    {
      config: { access: 'spend', scope: 'scoped' },
      schema: {
        tags: ['spend'],
        summary: 'Keys by what they have spent, highest first',
        description: 'To a user its own keys.',
        response: { 200: z.array(KeyRow) },
      },
    },
    async (request) => (await listKeySpend(spending, request.caller, MAX_KEYS)).map(fromKeyView),
  );

  app.get(
    '/spend/users',
    {
      config: { access: 'spend', scope: 'scoped' },
      schema: {
        tags: ['spend'],
        summary: 'Users by what their keys have spent, highest first',
        description: `Users are the names that keys carry; a user sees itself. At most ${MAX_USERS}; deleted keys count.`,
        querystring: z.object({ user_id: z.string().optional().describe('That user alone; empty: all.') }),
        response: { 200: z.array(z.object({ user_id: z.string(), spend: z.number() })) },
      },
    },
    async ({ caller, query }) => {
      const sums = await sumSpendByUser(spending, caller, MAX_USERS, query.user_id || undefined);
      return sums.map(({ userId, spendNanoUsd }) => ({ user_id: userId, spend: toUsd(spendNanoUsd) }));
    },
  );

  app.get(
    '/spend/tags',
    {
      config: { access: 'spend', scope: 'scoped' },
      schema: {
        tags: ['spend'],
        summary: 'Spend per request tag',
        querystring: DateQuery,
        response: {
          200: z.array(
            z.object({ individual_request_tag: z.string(), log_count: z.number(), total_spend: z.number() }),
          ),
        },
      },
    },
    async (request) => {
      const { start_date: start, end_date: end } = request.query;
      const sums = await sumSpendByTag(spending, request.caller, parseSpan(start, end));
      return sums.map(({ tag, calls, spendNanoUsd }) => ({
        individual_request_tag: tag,
        log_count: calls,
        total_spend: toUsd(spendNanoUsd),
      }));
    },
  );

  app.post(
    '/spend/calculate',
    {
      config: { access: 'info', scope: 'none' },
      schema: {
        tags: ['spend'],
        summary: 'What a call would cost, or has cost',
        description: 'A request is priced by its estimated input; a response by the usage that it reports.',
        body: SpendCalculateBody,
        response: { 200: SpendCalculateReply },
      },
    },
    (request) => ({ cost: toUsd(calculateCost(spending, toCostQuestion(request.body))) }),
  );
}
