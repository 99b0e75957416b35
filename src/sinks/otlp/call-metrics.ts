/**
 * The calls of a batch as OpenTelemetry's metrics for generative AI: histograms of durations and of tokens, as what has
 * been added by this batch. Their times come from the records, so a repeat is the same points again.
 */
import type { LogPayload } from '../../core/log-payload.ts';
import { sharedAttributes } from './call-span.ts';
import { type Attribute, toAttributes, toUnixNano } from './otlp-json.ts';

/** The boundaries that the conventions ask for. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];
const DELTA = 1;

interface HistogramPoint {
  attributes: Attribute[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  count: string;
  sum: number;
  bucketCounts: string[];
  explicitBounds: readonly number[];
}

export interface HistogramMetric {
  name: string;
  unit: string;
  histogram: { aggregationTemporality: number; dataPoints: HistogramPoint[] };
}

interface Series {
  attributes: Record<string, unknown>;
  values: number[];
}

export function toMetrics(records: readonly LogPayload[]): HistogramMetric[] {
  const from = toUnixNano(Math.min(...records.map(({ startTime }) => startTime)));
  const to = toUnixNano(Math.max(...records.map(({ endTime }) => endTime)));
  const build = (name: string, unit: string, bounds: readonly number[], series: Iterable<Series>): HistogramMetric => ({
    name,
    unit,
    histogram: {
      aggregationTemporality: DELTA,
      dataPoints: [...series].map(({ attributes, values }) => ({
        attributes: toAttributes(attributes),
        startTimeUnixNano: from,
        timeUnixNano: to,
        count: String(values.length),
        sum: values.reduce((sum, value) => sum + value, 0),
        bucketCounts: countBuckets(values, bounds),
        explicitBounds: bounds,
      })),
    },
  });
  const durations = new Map<string, Series>();
  const tokens = new Map<string, Series>();
  for (const record of records) {
    const shared = sharedAttributes(record);
    add(durations, shared, record.response_time);
    const { 'error.type': _error, ...ofTokens } = shared;
    if (record.prompt_tokens > 0) add(tokens, { ...ofTokens, 'gen_ai.token.type': 'input' }, record.prompt_tokens);
    if (record.completion_tokens > 0) {
      add(tokens, { ...ofTokens, 'gen_ai.token.type': 'output' }, record.completion_tokens);
    }
  }
  return [
    build('gen_ai.client.operation.duration', 's', SECONDS, durations.values()),
    build('gen_ai.client.token.usage', '{token}', TOKENS, tokens.values()),
  ];
}

function add(series: Map<string, Series>, attributes: Record<string, unknown>, value: number): void {
  const id = JSON.stringify(attributes);
  const known = series.get(id);
  if (known === undefined) series.set(id, { attributes, values: [value] });
  else known.values.push(value);
}

/** A value on a boundary belongs below it. */
function countBuckets(values: readonly number[], bounds: readonly number[]): string[] {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  for (const value of values) {
    const found = bounds.findIndex((bound) => value <= bound);
    const index = found === -1 ? bounds.length : found;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts.map(String);
}
