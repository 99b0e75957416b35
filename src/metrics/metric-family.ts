/** A metric with all its series, as a scrape shows it. */
export interface MetricFamily {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  /** How the workers of one gateway are put together: their sum, or the largest where each tells the same thing. */
  aggregator: 'sum' | 'max' | 'min';
  values: MetricValue[];
}

export interface MetricValue {
  labels: Readonly<Record<string, string | number>>;
  value: number;
  /** `…_bucket`, `…_sum`, `…_count`: the parts of a histogram. */
  metricName?: string;
}

/** Asked at each scrape. What it returns has a bounded number of series, whatever clients send. */
export type CollectMetrics = () => MetricFamily[] | Promise<MetricFamily[]>;

/** What counts up and never down. */
export function counter(name: string, help: string, values: MetricValue[]): MetricFamily {
  return { name, help, type: 'counter', aggregator: 'sum', values };
}

/** What goes up and down. */
export function gauge(
  name: string,
  help: string,
  values: MetricValue[],
  aggregator: MetricFamily['aggregator'] = 'sum',
): MetricFamily {
  return { name, help, type: 'gauge', aggregator, values };
}
