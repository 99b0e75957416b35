import type { MetricFamily, MetricValue } from './metric-family.ts';

/** Upper ends in seconds: LiteLLM's, so that its dashboards and ours add up. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 420, 600];

/** Durations of one series, counted by size. */
export class Histogram {
  private readonly counts = new Float64Array(BOUNDS.length + 1);
  private sumSeconds = 0;

  observe(seconds: number): void {
    let index = 0;
    while (index < BOUNDS.length && seconds > (BOUNDS[index] as number)) index += 1;
    this.counts[index] = (this.counts[index] as number) + 1;
    this.sumSeconds += seconds;
  }

  /** Cumulative, as Prometheus wants them. */
  toValues(name: string, labels: MetricValue['labels']): MetricValue[] {
    let total = 0;
    const values: MetricValue[] = [];
    for (let index = 0; index <= BOUNDS.length; index += 1) {
      total += this.counts[index] as number;
      values.push({ labels: { le: BOUNDS[index] ?? '+Inf', ...labels }, value: total, metricName: `${name}_bucket` });
    }
    values.push({ labels, value: this.sumSeconds, metricName: `${name}_sum` });
    values.push({ labels, value: total, metricName: `${name}_count` });
    return values;
  }
}

/** One histogram for each value of one label. The caller bounds which values there are. */
export class HistogramByLabel {
  private readonly series = new Map<string, Histogram>();
  private readonly name: string;
  private readonly help: string;
  private readonly label: string;

  constructor(name: string, help: string, label: string) {
    this.name = name;
    this.help = help;
    this.label = label;
  }

  observe(labelValue: string, seconds: number): void {
    let histogram = this.series.get(labelValue);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.series.set(labelValue, histogram);
    }
    histogram.observe(seconds);
  }

  collect(): MetricFamily {
    const values = [...this.series].flatMap(([value, histogram]) =>
      histogram.toValues(this.name, { [this.label]: value }),
    );
    return { name: this.name, help: this.help, type: 'histogram', aggregator: 'sum', values };
  }
}
