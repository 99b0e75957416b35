/**
 * Calls, tokens and money by who calls which model. A series is a key and a configured model: their number is bounded by
 * a setting, and callers beyond it share one series of the name `other`, so nothing is lost and memory has an end.
 */
import { toUsd } from '../core/money.ts';
import { counter, gauge, type MetricFamily, type MetricValue } from './metric-family.ts';

/** As a bill names them. */
export interface MeteredCaller {
  keyId: string | null;
  keyAlias: string | null;
  teamId: string | null;
  teamAlias: string | null;
  userId: string | null;
}

export interface CallSeries {
  /** Answers by HTTP status. */
  statuses: Map<number, number>;
  /** Failures by HTTP status and kind of error. */
  failures: Map<string, { status: number; kind: string; count: number }>;
  spendNanoUsd: number;
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
}

interface CallerEntry {
  caller: MeteredCaller;
  models: Map<string, CallSeries>;
}

/** What unknown and uncounted names are shown as. */
export const OTHER = 'other';
const REST: MeteredCaller = { keyId: OTHER, keyAlias: null, teamId: null, teamAlias: null, userId: null };

export class CallerSeries {
  private readonly entries = new Map<string, CallerEntry>();
  private readonly rest: CallerEntry = { caller: REST, models: new Map() };
  private readonly maxSeries: number;
  private size = 0;

  constructor(maxSeries: number) {
    this.maxSeries = maxSeries;
  }

  /** The series of a caller and a model. `model` has to be a configured name, or `OTHER`. */
  of(caller: MeteredCaller, model: string): CallSeries {
    const id = caller.keyId ?? `user ${caller.userId}`;
    let entry = this.entries.get(id);
    const known = entry?.models.get(model);
    if (entry !== undefined && known !== undefined) {
      // Names change; the series goes on under the newest.
      entry.caller = caller;
      return known;
    }
    if (this.size >= this.maxSeries) return seriesIn(this.rest, model);
    if (entry === undefined) {
      entry = { caller, models: new Map() };
      this.entries.set(id, entry);
    }
    this.size += 1;
    return seriesIn(entry, model);
  }

  collect(): MetricFamily[] {
    const requests: MetricValue[] = [];
    const failed: MetricValue[] = [];
    const sums = SUMS.map(() => [] as MetricValue[]);
    for (const { caller, models } of [...this.entries.values(), this.rest]) {
      const who = labelsOf(caller);
      for (const [model, series] of models) {
        for (const [status, value] of series.statuses) {
          requests.push({ labels: { ...who, requested_model: model, status_code: status }, value });
        }
        for (const { status, kind, count } of series.failures.values()) {
          const labels = { ...who, requested_model: model, exception_status: status, exception_class: kind };
          failed.push({ labels, value: count });
        }
        SUMS.forEach(({ read }, index) => {
          sums[index]?.push({ labels: { ...who, model }, value: read(series) });
        });
      }
    }
    return [
      counter('litellm_proxy_total_requests_metric_total', 'Model calls, refused ones included.', requests),
      counter('litellm_proxy_failed_requests_metric_total', 'Model calls that were refused or failed.', failed),
      ...SUMS.map(({ name, help }, index) => counter(name, help, sums[index] as MetricValue[])),
      gauge('latchkey_metric_series', 'Series of callers and models; beyond the limit they are one, named other.', [
        { labels: {}, value: this.size },
      ]),
    ];
  }
}

/** A failure of one series. The kinds are those of our own errors, a closed list. */
export function countFailure(series: CallSeries, status: number, kind: string): void {
  const id = `${status} ${kind}`;
  const known = series.failures.get(id);
  if (known === undefined) series.failures.set(id, { status, kind, count: 1 });
  else known.count += 1;
}

const SUMS: readonly { name: string; help: string; read: (series: CallSeries) => number }[] = [
  {
    name: 'litellm_spend_metric_total',
    help: 'What calls cost, in US dollars.',
    read: ({ spendNanoUsd }) => toUsd(spendNanoUsd),
  },
  {
    name: 'litellm_total_tokens_metric_total',
    help: 'Tokens of prompts and answers.',
    read: ({ totalTokens }) => totalTokens,
  },
  {
    name: 'litellm_input_tokens_metric_total',
    help: 'Tokens of prompts.',
    read: ({ promptTokens }) => promptTokens,
  },
  {
    name: 'litellm_output_tokens_metric_total',
    help: 'Tokens of answers.',
    read: ({ completionTokens }) => completionTokens,
  },
];

function seriesIn(entry: CallerEntry, model: string): CallSeries {
  let series = entry.models.get(model);
  if (series === undefined) {
    series = {
      statuses: new Map(),
      failures: new Map(),
      spendNanoUsd: 0,
      promptTokens: 0,
      completionTokens: 0,
      totalTokens: 0,
    };
    entry.models.set(model, series);
  }
  return series;
}

/** By `key_id`, never by anything that a secret could be made from or looked up with. */
function labelsOf({ keyId, keyAlias, teamId, teamAlias, userId }: MeteredCaller): Record<string, string> {
  return {
    key_id: keyId ?? '',
    api_key_alias: keyAlias ?? '',
    team: teamId ?? '',
    team_alias: teamAlias ?? '',
    user: userId ?? '',
  };
}
