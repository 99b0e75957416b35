import { expect, test } from 'vitest';
import { Histogram } from './histogram.ts';
import { counter, gauge, type MetricFamily } from './metric-family.ts';
import { createMetricsRegistry, renderMetrics } from './render-metrics.ts';

function familiesOf(calls: number, position: number, seconds: number): MetricFamily[] {
  const histogram = new Histogram();
  histogram.observe(seconds);
  return [
    counter('calls_total', 'Calls.', [{ labels: { model: 'a "b"\\c\nd' }, value: calls }]),
    gauge('position', 'Position.', [{ labels: {}, value: position }], 'min'),
    {
      name: 'took',
      help: 'Seconds.',
      type: 'histogram',
      aggregator: 'sum',
      values: histogram.toValues('took', { model: 'a' }),
    },
  ];
}

test('one process is shown as it is, with names escaped', async () => {
  const text = await renderMetrics([familiesOf(2, 7, 0.02)]);
  expect(text).toContain('# TYPE calls_total counter');
  expect(text).toContain('calls_total{model="a \\"b\\"\\\\c\\nd"} 2');
  expect(text).toContain('took_bucket{le="0.01",model="a"} 0');
  expect(text).toContain('took_bucket{le="0.025",model="a"} 1');
  expect(text).toContain('took_bucket{le="+Inf",model="a"} 1');
  expect(text).toContain('took_count{model="a"} 1');
});

test('several processes are one: sums, and the least position', async () => {
  const text = await renderMetrics([familiesOf(2, 7, 0.02), familiesOf(3, 5, 0.2)]);
  expect(text).toMatch(/calls_total\{.*\} 5/);
  expect(text).toMatch(/^position 5$/m);
  expect(text).toContain('took_bucket{le="0.025",model="a"} 1');
  expect(text).toContain('took_bucket{le="+Inf",model="a"} 2');
});

test('what Node and the process say of themselves is among them', async () => {
  const registry = createMetricsRegistry([() => familiesOf(1, 1, 1)]);
  const text = await renderMetrics([await registry.collect()]);
  expect(text).toContain('process_resident_memory_bytes');
  expect(text).toContain('nodejs_heap_size_used_bytes');
  expect(text).toContain('calls_total');
});
