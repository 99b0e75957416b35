/** Queries for spend logs, and the answers that sum them up. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { toNanoUsd, toUsd } from '../../core/money.ts';
import type { SpendLogFilter, SpendLogView } from '../../management/spend/list-spend-logs.ts';
import type { DailySpend } from '../../management/spend/spend-management.ts';
import { parseSpan } from './spend-dates.ts';
import { SpendLogRow } from './spend-log-row.ts';
import { optionalText, withoutAbsent } from './usage-query.ts';

const text = optionalText;
const count = (least: number, most: number, fallback: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback);
/** Beyond this a nano-dollar cannot be told from the next. */
const MAX_USD = 9_000_000;
const usd = z.coerce.number().min(0).max(MAX_USD).optional();

const MAX_ROWS = 10_000;
const DEFAULT_ROWS = 1_000;

export const SpendLogsQuery = z.object({
  request_id: text.describe("Our request id or the upstream's response id."),
  api_key: text.describe('A key by its secret, hash, key_id or alias.'),
  user_id: text,
  start_date: text.describe('YYYY-MM-DD, included.'),
  end_date: text.describe('YYYY-MM-DD, included.'),
  summarize: z
    .enum(['true', 'false', 'True', 'False', '1', '0'])
    .default('true')
    .describe('With dates: one item per day, or (false) the calls themselves.'),
  limit: count(1, MAX_ROWS, DEFAULT_ROWS).describe(
    'Newest calls first; the header x-latchkey-total-rows tells how many match.',
  ),
});

/** LiteLLM's names of what calls are sorted by. */
const SORT_NAMES = {
  startTime: undefined,
  endTime: 'ended_at',
  spend: 'spend',
  total_tokens: 'total_tokens',
  request_duration_ms: 'duration',
  ttft_ms: 'first_token',
  model: 'model',
} as const;
const SORTS = Object.keys(SORT_NAMES);

export const SpendLogsPageQuery = z.object({
  start_date: text.describe('YYYY-MM-DD HH:MM:SS, UTC. Required.'),
  end_date: text.describe('YYYY-MM-DD HH:MM:SS, UTC. Required.'),
  page: count(1, 1_000_000, 1),
  page_size: count(1, 100, 50),
  api_key: text,
  user_id: text,
  request_id: text,
  team_id: text,
  end_user: text,
  model: text,
  tag: text,
  status_filter: z.enum(['success', 'failure', 'aborted', 'unsettled', '']).optional(),
  min_spend: usd,
  max_spend: usd,
  model_group: text,
  model_id: text.describe('A deployment.'),
  key_alias: text.describe("Part of the key's alias at the time of the call."),
  session_id: text.describe("Part of the session's name."),
  error_code: text.describe('HTTP status of a call that did not succeed.'),
  error_message: text.describe("Part of an error's words, which are kept with prompts and answers alone."),
  sort_by: text.describe(`${SORTS.join(', ')}. By all but startTime the latest 10,000 that match are sorted.`),
  sort_order: text.describe('asc or desc.'),
});

export const SpendLogsPage = z.object({
  data: z.array(SpendLogRow),
  total: z.number(),
  total_is_capped: z.boolean().describe('There are more than so many.'),
  page: z.number(),
  page_size: z.number(),
  total_pages: z.number(),
});

/** Dates are required here: a page number means nothing in a list that grows at its head. */
export function toPagedFilter(query: z.output<typeof SpendLogsPageQuery>): SpendLogFilter {
  if (query.start_date === undefined || query.end_date === undefined) {
    throw new GatewayError('dates_missing', 'start_date and end_date are required, as YYYY-MM-DD HH:MM:SS in UTC.', {
      param: query.start_date === undefined ? 'start_date' : 'end_date',
    });
  }
  const { status_filter: status } = query;
  return withoutAbsent({
    apiKey: query.api_key,
    userId: query.user_id,
    requestId: query.request_id,
    teamId: query.team_id,
    endUser: query.end_user,
    model: query.model,
    tag: query.tag,
    status: status === '' ? undefined : status,
    minSpendNanoUsd: query.min_spend === undefined ? undefined : toNanoUsd(query.min_spend),
    maxSpendNanoUsd: query.max_spend === undefined ? undefined : toNanoUsd(query.max_spend),
    modelGroup: query.model_group,
    deploymentId: query.model_id,
    keyAliasPart: query.key_alias,
    sessionIdPart: query.session_id,
    errorCode: query.error_code,
    errorPart: query.error_message,
    ...parseSpan(query.start_date, query.end_date),
  });
}

/** Throws bad_request for what calls cannot be sorted by. */
export function toPagedSort(query: z.output<typeof SpendLogsPageQuery>): NonNullable<SpendLogView['sort']> {
  const { sort_by: by = 'startTime', sort_order: order = 'desc' } = query;
  if (!Object.hasOwn(SORT_NAMES, by)) throw notAmong('sort_by', by, SORTS);
  if (order !== 'asc' && order !== 'desc') throw notAmong('sort_order', order, ['asc', 'desc']);
  const name = SORT_NAMES[by as keyof typeof SORT_NAMES];
  return name === undefined ? { order } : { by: name, order };
}

function notAmong(param: string, value: string, names: readonly string[]): GatewayError {
  const message = `Invalid ${param}: ${value.slice(0, 100)}. Must be one of: ${names.join(', ')}`;
  return new GatewayError('bad_request', message, { param });
}

export function toLogFilter(query: z.output<typeof SpendLogsQuery>): SpendLogFilter {
  return withoutAbsent({
    requestId: query.request_id,
    apiKey: query.api_key,
    userId: query.user_id,
    ...parseSpan(query.start_date, query.end_date),
  });
}

/** True when days are asked for rather than calls. */
export function asksForDays(query: z.output<typeof SpendLogsQuery>): boolean {
  const hasDates = query.start_date !== undefined || query.end_date !== undefined;
  return hasDates && query.request_id === undefined && /^(true|1)$/i.test(query.summarize);
}

/** One item per day: its spend, by user, by model, and by key hash at the top level, as LiteLLM has it. */
export function fromDailySpend(rows: readonly DailySpend[]): Record<string, unknown>[] {
  const days = new Map<string, { nanoUsd: number; users: Sums; models: Sums; keys: Sums }>();
  for (const row of rows) {
    const day = days.get(row.day) ?? { nanoUsd: 0, users: new Map(), models: new Map(), keys: new Map() };
    days.set(row.day, day);
    day.nanoUsd += row.spendNanoUsd;
    add(day.users, row.userId ?? '', row.spendNanoUsd);
    add(day.models, row.model, row.spendNanoUsd);
    add(day.keys, row.keyHash, row.spendNanoUsd);
  }
  return [...days].map(([startTime, day]) => ({
    ...inUsd(day.keys),
    startTime,
    spend: toUsd(day.nanoUsd),
    users: inUsd(day.users),
    models: inUsd(day.models),
  }));
}

type Sums = Map<string, number>;

function add(sums: Sums, name: string, nanoUsd: number): void {
  sums.set(name, (sums.get(name) ?? 0) + nanoUsd);
}

function inUsd(sums: Sums): Record<string, number> {
  return Object.fromEntries([...sums].map(([name, nanoUsd]) => [name, toUsd(nanoUsd)]));
}
