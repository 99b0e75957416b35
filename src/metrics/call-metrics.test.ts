import { describe, expect, test } from 'vitest';
import type { Caller } from '../core/caller.ts';
import type { HeldCharge } from '../core/charge.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import { createCallMetrics } from './call-metrics.ts';
import type { MetricFamily } from './metric-family.ts';

const caller = { key: null, userId: null, path: { team: { id: 't1', alias: 'Team One' } } } as unknown as Caller;

function record(fields: Partial<SpendRecord> = {}): SpendRecord {
  return {
    keyId: 'key_1',
    keyAlias: 'ci',
    teamId: 't1',
    userId: 'u1',
    modelGroup: 'gpt-4',
    status: 'success',
    httpStatus: 200,
    startedAtMs: 1_000,
    endedAtMs: 1_200,
    firstTokenAtMs: null,
    spendNanoUsd: 2_000_000,
    promptTokens: 10,
    completionTokens: 5,
    totalTokens: 15,
    ...fields,
  } as SpendRecord;
}

const budgetOf = (kind: string, resetAtMs: number | null = null): HeldCharge =>
  ({
    charge: { owner: { kind, id: `${kind}_1` }, limit: 'max_budget', ceiling: 10_000_000, resetAtMs },
    usedBefore: 3_000_000,
  }) as unknown as HeldCharge;

async function familiesOf(metrics: ReturnType<typeof createCallMetrics>): Promise<Map<string, MetricFamily>> {
  return new Map((await metrics.collect()).map((family) => [family.name, family]));
}

const seriesIn = (families: Map<string, MetricFamily>) =>
  [...families.values()].reduce((sum, { values }) => sum + values.length, 0);

describe('metrics of calls', () => {
  test('add up by key and model, and name the team', async () => {
    const metrics = createCallMetrics({ maxSeries: 10, nowMs: () => 0 });
    metrics.settled(record(), caller, [], null, 150);
    metrics.settled(
      record({ status: 'failure', httpStatus: 502, spendNanoUsd: 0 }),
      caller,
      [],
      'upstream_error',
      null,
    );
    const families = await familiesOf(metrics);
    const who = { key_id: 'key_1', api_key_alias: 'ci', team: 't1', team_alias: 'Team One', user: 'u1' };
    expect(families.get('litellm_proxy_total_requests_metric_total')?.values).toEqual([
      { labels: { ...who, requested_model: 'gpt-4', status_code: 200 }, value: 1 },
      { labels: { ...who, requested_model: 'gpt-4', status_code: 502 }, value: 1 },
    ]);
    expect(families.get('litellm_proxy_failed_requests_metric_total')?.values).toEqual([
      {
        labels: { ...who, requested_model: 'gpt-4', exception_status: 502, exception_class: 'upstream_error' },
        value: 1,
      },
    ]);
    expect(families.get('litellm_spend_metric_total')?.values).toEqual([
      { labels: { ...who, model: 'gpt-4' }, value: 0.002 },
    ]);
    expect(families.get('litellm_total_tokens_metric_total')?.values[0]?.value).toBe(30);
  });

  test('show how long calls took, and how much of it was the gateway’s', async () => {
    const metrics = createCallMetrics({ maxSeries: 10, nowMs: () => 0 });
    metrics.settled(record({ firstTokenAtMs: 1_050 }), caller, [], null, 150);
    const families = await familiesOf(metrics);
    const sumOf = (name: string) => families.get(name)?.values.find(({ metricName }) => metricName?.endsWith('_sum'));
    expect(sumOf('litellm_request_total_latency_metric')?.value).toBe(0.2);
    expect(sumOf('litellm_llm_api_latency_metric')?.value).toBe(0.15);
    expect(sumOf('litellm_overhead_latency_metric')?.value).toBe(0.05);
    expect(sumOf('litellm_llm_api_time_to_first_token_metric')?.value).toBe(0.05);
    const buckets = families.get('litellm_request_total_latency_metric')?.values ?? [];
    expect(buckets.find(({ labels }) => labels.le === 0.1)?.value).toBe(0);
    expect(buckets.find(({ labels }) => labels.le === 0.25)?.value).toBe(1);
    expect(buckets.find(({ labels }) => labels.le === '+Inf')?.value).toBe(1);
  });

  test('ten thousand names that nobody configured are one series', async () => {
    const metrics = createCallMetrics({ maxSeries: 100, nowMs: () => 0 });
    const refuse = () => metrics.refused(caller, null, new GatewayError('invalid_request', 'no such model'));
    refuse();
    const before = seriesIn(await familiesOf(metrics));
    for (let index = 1; index < 10_000; index += 1) refuse();
    const families = await familiesOf(metrics);
    expect(seriesIn(families)).toBe(before);
    expect(families.get('litellm_proxy_total_requests_metric_total')?.values).toEqual([
      { labels: expect.objectContaining({ requested_model: 'other', status_code: 400 }), value: 10_000 },
    ]);
  });

  test('keys beyond the limit are counted together, and nothing is lost', async () => {
    const metrics = createCallMetrics({ maxSeries: 2, nowMs: () => 0 });
    for (let index = 0; index < 50; index += 1) metrics.settled(record({ keyId: `key_${index}` }), caller, [], null, 1);
    const values = (await familiesOf(metrics)).get('litellm_spend_metric_total')?.values ?? [];
    expect(values.map(({ labels }) => labels.key_id)).toEqual(['key_0', 'key_1', 'other']);
    expect(values.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(0.1, 10);
  });

  test('a budget shows what is left of it, and all of it once its window has ended', async () => {
    let nowMs = 0;
    const metrics = createCallMetrics({ maxSeries: 10, nowMs: () => nowMs });
    metrics.settled(record(), caller, [budgetOf('key', 7_200_000), budgetOf('team')], null, 1);
    const before = await familiesOf(metrics);
    const labels = { key_id: 'key_1', api_key_alias: 'ci' };
    expect(before.get('litellm_remaining_api_key_budget_metric')?.values).toEqual([{ labels, value: 0.005 }]);
    expect(before.get('litellm_api_key_max_budget_metric')?.values).toEqual([{ labels, value: 0.01 }]);
    expect(before.get('litellm_api_key_budget_remaining_hours_metric')?.values).toEqual([{ labels, value: 2 }]);
    const team = { labels: { team: 'team_1', team_alias: 'Team One' }, value: 0.005 };
    expect(before.get('litellm_remaining_team_budget_metric')?.values).toEqual([team]);
    nowMs = 7_200_000;
    const after = await familiesOf(metrics);
    expect(after.get('litellm_remaining_api_key_budget_metric')?.values).toEqual([{ labels, value: 0.01 }]);
    expect(after.has('litellm_api_key_budget_remaining_hours_metric')).toBe(false);
  });

  test('a key that is renamed goes on under its new name', async () => {
    const metrics = createCallMetrics({ maxSeries: 10, nowMs: () => 0 });
    metrics.settled(record(), caller, [], null, 1);
    metrics.settled(record({ keyAlias: 'renamed' }), caller, [], null, 1);
    const values = (await familiesOf(metrics)).get('litellm_spend_metric_total')?.values;
    expect(values).toEqual([{ labels: expect.objectContaining({ api_key_alias: 'renamed' }), value: 0.004 }]);
  });
});
