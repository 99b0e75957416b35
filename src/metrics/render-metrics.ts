/** Prometheus' text form. The only place that knows prom-client. */
import { AggregatorRegistry, collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { CollectMetrics, MetricFamily } from './metric-family.ts';

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** What one process tells, in a form that another can be sent. */
export type ProcessMetrics = readonly object[];

export interface MetricsRegistry {
  /** Everything that this process counts, with the figures of Node and of the process itself. */
  collect(): Promise<ProcessMetrics>;
}

/** Sources are asked side by side at each scrape. */
export function createMetricsRegistry(sources: readonly CollectMetrics[]): MetricsRegistry {
  const own = new Registry();
  collectDefaultMetrics({ register: own, eventLoopMonitoringPrecision: 100 });
  return {
    async collect() {
      const [defaults, ...families] = await Promise.all([
        own.getMetricsAsJSON(),
        ...sources.map((collect) => collect()),
      ]);
      return [...defaults, ...families.flat()];
    },
  };
}

/** Of one process as it is; of several as one: sums, or what each family says of itself. */
export async function renderMetrics(processes: readonly ProcessMetrics[]): Promise<string> {
  const [only] = processes;
  if (only !== undefined && processes.length === 1) {
    const registry = new Registry();
    for (const family of only) registry.registerMetric(toMetric(family as MetricFamily));
    return registry.metrics();
  }
  return AggregatorRegistry.aggregate(processes.map((families) => [...families])).metrics();
}

/** What the library asks of a metric is its name and its values. */
function toMetric(family: MetricFamily): Metric {
  return { name: family.name, get: async () => family } as unknown as Metric;
}
