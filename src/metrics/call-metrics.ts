import type { CallObserver } from '../gateway/call-observer.ts';
import { BudgetGauges } from './budget-gauges.ts';
import { CallerSeries, countFailure, OTHER } from './caller-series.ts';
import { HistogramByLabel } from './histogram.ts';
import { type CollectMetrics, counter } from './metric-family.ts';

/**
 * What is counted of model calls. Told of each call once, in the turn in which it is billed or refused, so it does no
 * more than add numbers to series that it finds by name.
 */
export interface CallMetrics extends Pick<CallObserver, 'settled' | 'refused'> {
  /** A call was billed at 0 because nobody knows the model's price. */
  unpriced(group: string): void;
  collect: CollectMetrics;
}

/** `maxSeries`: of callers and models together, and of owners of one kind that have budgets. */
export function createCallMetrics({ maxSeries, nowMs }: { maxSeries: number; nowMs: () => number }): CallMetrics {
  const callers = new CallerSeries(maxSeries);
  const budgets = new BudgetGauges(maxSeries);
  const unpriced = new Map<string, number>();
  const total = new HistogramByLabel(
    'litellm_request_total_latency_metric',
    'Seconds from a model call to the end of its answer.',
    'model',
  );
  const upstream = new HistogramByLabel(
    'litellm_llm_api_latency_metric',
    'Seconds that a model call waited for upstreams.',
    'model',
  );
  const overhead = new HistogramByLabel(
    'litellm_overhead_latency_metric',
    'Seconds that the gateway itself added to a model call.',
    'model',
  );
  const firstToken = new HistogramByLabel(
    'litellm_llm_api_time_to_first_token_metric',
    'Seconds from a streamed model call to its first bytes.',
    'model',
  );
  return {
    settled(record, caller, charges, errorCode, upstreamMs) {
      // A group is named as the configuration names it, whatever the client wrote.
      const model = record.modelGroup ?? OTHER;
      const who = {
        keyId: record.keyId,
        keyAlias: record.keyAlias,
        teamId: record.teamId,
        teamAlias: caller.path.team?.alias ?? null,
        userId: record.userId,
      };
      const series = callers.of(who, model);
      series.statuses.set(record.httpStatus, (series.statuses.get(record.httpStatus) ?? 0) + 1);
      series.spendNanoUsd += record.spendNanoUsd;
      series.promptTokens += record.promptTokens;
      series.completionTokens += record.completionTokens;
      series.totalTokens += record.totalTokens;
      if (record.status !== 'success') countFailure(series, record.httpStatus, errorCode ?? record.status);
      budgets.note(charges, record.spendNanoUsd, who);
      const tookMs = record.endedAtMs - record.startedAtMs;
      total.observe(model, tookMs / 1_000);
      if (upstreamMs !== null) {
        upstream.observe(model, upstreamMs / 1_000);
        overhead.observe(model, Math.max(0, tookMs - upstreamMs) / 1_000);
      }
      if (record.firstTokenAtMs !== null) {
        firstToken.observe(model, (record.firstTokenAtMs - record.startedAtMs) / 1_000);
      }
    },
    refused({ key, userId, path }, group, error) {
      const series = callers.of(
        {
          keyId: key?.keyId ?? null,
          keyAlias: key?.alias ?? null,
          teamId: path.team?.id ?? key?.teamId ?? null,
          teamAlias: path.team?.alias ?? null,
          userId,
        },
        group ?? OTHER,
      );
      series.statuses.set(error.status, (series.statuses.get(error.status) ?? 0) + 1);
      countFailure(series, error.status, error.code);
    },
    unpriced(group) {
      unpriced.set(group, (unpriced.get(group) ?? 0) + 1);
    },
    collect() {
      const billedAtZero = [...unpriced].map(([model, value]) => ({ labels: { model }, value }));
      return [
        ...callers.collect(),
        ...budgets.collect(nowMs()),
        total.collect(),
        upstream.collect(),
        overhead.collect(),
        firstToken.collect(),
        counter('latchkey_unpriced_calls_total', 'Calls billed at 0 as no price is known for the model.', billedAtZero),
      ];
    },
  };
}
