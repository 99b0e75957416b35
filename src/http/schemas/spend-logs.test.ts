import { describe, expect, test } from 'vitest';
import type { SpendRow } from '../../management/spend/spend-management.ts';
import { fromSpendRow, SpendLogRow } from './spend-log-row.ts';
import {
  asksForDays,
  fromDailySpend,
  SpendLogsPageQuery,
  SpendLogsQuery,
  toLogFilter,
  toPagedFilter,
} from './spend-logs.ts';

const row: SpendRow = {
  requestId: 'r1',
  responseId: 'chatcmpl-1',
  callType: 'acompletion',
  status: 'success',
  startedAtMs: Date.UTC(2026, 10, 23),
  endedAtMs: Date.UTC(2026, 10, 23) + 250,
  firstTokenAtMs: null,
  keyId: 'key_1',
  keyHash: 'a'.repeat(64),
  keyAlias: 'mine',
  userId: null,
  teamId: 'team',
  organizationId: 'org',
  endUser: null,
  tags: ['blue'],
  model: 'gpt-4',
  modelGroup: 'gpt-4',
  deploymentId: 'd1',
  provider: 'openai',
  apiBase: 'https://api.openai.com/v1',
  promptTokens: 10,
  completionTokens: 5,
  totalTokens: 15,
  cacheReadTokens: 4,
  cacheWriteTokens: 0,
  reasoningTokens: 1,
  usageEstimated: false,
  spendNanoUsd: 28_500,
  stream: false,
  sourceIp: '10.0.0.1',
  sessionId: null,
  httpStatus: 200,
  errorType: null,
  metadata: { spend_logs_metadata: { hello: 'world' }, user_api_key: 'a forgery' },
  messages: null,
  response: null,
};

describe('a row', () => {
  test('has LiteLLM’s columns, in dollars', () => {
    expect(fromSpendRow(row, new Map())).toMatchObject({
      request_id: 'chatcmpl-1',
      litellm_call_id: 'r1',
      response_id: 'chatcmpl-1',
      call_type: 'acompletion',
      api_key: 'a'.repeat(64),
      spend: 2.85e-5,
      total_tokens: 15,
      startTime: '2026-11-23T00:00:00.000Z',
      endTime: '2026-11-23T00:00:00.250Z',
      completionStartTime: null,
      user: '',
      request_tags: ['blue'],
      cache_hit: 'False',
      messages: {},
      response: {},
      metadata: {
        user_api_key: 'a'.repeat(64),
        user_api_key_alias: 'mine',
        user_api_key_team_id: 'team',
        user_api_key_org_id: 'org',
        spend_logs_metadata: { hello: 'world' },
        status: 'success',
        usage_object: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } },
      },
    });
  });

  test('fits the schema that describes it', () => {
    expect(SpendLogRow.safeParse(fromSpendRow(row, new Map())).success).toBe(true);
  });

  test('goes by our id where there is no response', () => {
    const shown = fromSpendRow({ ...row, responseId: null }, new Map());
    expect([shown.request_id, shown.response_id, shown.litellm_call_id]).toEqual(['r1', null, 'r1']);
    expect(shown.metadata).not.toHaveProperty('error_information');
  });

  test('of a failure says why as LiteLLM does, in the words that were kept', () => {
    const failed = { ...row, status: 'failure', httpStatus: 429, errorType: 'rate_limit_error' } as const;
    const why = { error_code: '429', error_class: 'rate_limit_error', llm_provider: 'openai' };
    expect(fromSpendRow(failed, new Map()).metadata).toMatchObject({
      error_information: { ...why, error_message: 'rate_limit_error (429)' },
    });
    const kept = fromSpendRow({ ...failed, metadata: { error_message: 'Slow down' } }, new Map()).metadata;
    expect(kept).toMatchObject({ error_information: { ...why, error_message: 'Slow down' } });
    expect(kept).not.toHaveProperty('error_message');
  });

  test('shows what was stored as JSON, or as the text it was', () => {
    const shown = fromSpendRow({ ...row, messages: '[{"role":"user"}]', response: 'data: {"id"' }, new Map());
    expect([shown.messages, shown.response]).toEqual([[{ role: 'user' }], 'data: {"id"']);
  });
});

test('a day adds up its users, models and keys, exactly', () => {
  const daily = {
    day: '2026-11-23',
    keyId: 'key_1',
    keyHash: 'h1',
    userId: 'ada',
    model: 'm',
    spendNanoUsd: 100_000_000,
  };
  expect(
    fromDailySpend([
      daily,
      { ...daily, model: 'n', spendNanoUsd: 200_000_000 },
      { ...daily, keyHash: 'h2', userId: null },
      { ...daily, day: '2026-11-24' },
    ]),
  ).toEqual([
    { startTime: '2026-11-23', spend: 0.4, users: { ada: 0.3, '': 0.1 }, models: { m: 0.2, n: 0.2 }, h1: 0.3, h2: 0.1 },
    { startTime: '2026-11-24', spend: 0.1, users: { ada: 0.1 }, models: { m: 0.1 }, h1: 0.1 },
  ]);
});

describe('a query', () => {
  const read = (query: object) => SpendLogsQuery.parse(query);

  test('with dates asks for days, unless it says otherwise or names a call', () => {
    const dates = { start_date: '2026-11-01', end_date: '2026-11-30' };
    expect(asksForDays(read(dates))).toBe(true);
    expect(asksForDays(read({ ...dates, api_key: 'x' }))).toBe(true);
    expect(asksForDays(read({ ...dates, summarize: 'false' }))).toBe(false);
    expect(asksForDays(read({ ...dates, request_id: 'r1' }))).toBe(false);
    expect(asksForDays(read({ api_key: 'x' }))).toBe(false);
  });

  test('takes an empty parameter for none', () => {
    expect(toLogFilter(read({ api_key: '', user_id: '', request_id: 'r1' }))).toEqual({ requestId: 'r1' });
  });

  test.each([{ limit: '0' }, { limit: '10001' }, { limit: 'x' }, { limit: '1.5' }, { summarize: 'maybe' }])(
    'out of bounds is refused: %j',
    (query) => {
      expect(SpendLogsQuery.safeParse(query).success).toBe(false);
    },
  );
});

describe('a paged query', () => {
  const span = { start_date: '2026-11-23 00:00:00', end_date: '2026-11-23 23:59:59' };

  test('has defaults, and becomes a filter in nano-dollars', () => {
    const query = SpendLogsPageQuery.parse({ ...span, min_spend: '0.5', status_filter: '' });
    expect([query.page, query.page_size]).toEqual([1, 50]);
    expect(toPagedFilter(query)).toEqual({
      minSpendNanoUsd: 500_000_000,
      fromMs: Date.UTC(2026, 10, 23),
      toMs: Date.UTC(2026, 10, 24),
    });
  });

  test.each([
    [{}, 'dates_missing', 'start_date'],
    [{ start_date: span.start_date }, 'dates_missing', 'end_date'],
    [{ ...span, start_date: 'yesterday' }, 'bad_request', 'start_date'],
  ])('without usable dates is refused: %j', (query, code, param) => {
    expect(() => toPagedFilter(SpendLogsPageQuery.parse(query))).toThrow(expect.objectContaining({ code, param }));
  });

  test.each([
    { page: '0' },
    { page_size: '0' },
    { page_size: '101' },
    { page: '-1' },
    { min_spend: '-1' },
    { min_spend: 'NaN' },
    { min_spend: '1e300' },
    { max_spend: '1e300' },
  ])('out of bounds is refused: %j', (query) => {
    expect(SpendLogsPageQuery.safeParse({ ...span, ...query }).success).toBe(false);
  });
});
