import { expect, test } from 'vitest';
import type { SinkStats } from '../sinks/sinks.ts';
import { collectLogMetrics } from './log-metrics.ts';

const queue = (destinationId: string, over: Partial<SinkStats> = {}): SinkStats => ({
  destinationId,
  type: 'gcs_bucket',
  isGlobal: true,
  queued: 0,
  delivered: 0,
  retried: 0,
  dropped: 0,
  dead: 0,
  oldestMs: 0,
  failure: null,
  ...over,
});

test('destinations of one type are one series, and counters go on when a queue is closed and opened again', async () => {
  let stats = [queue('a', { delivered: 5, queued: 2, oldestMs: 3_000, failure: 'away' }), queue('b', { delivered: 1 })];
  const collect = collectLogMetrics(() => stats);
  const shown = async (name: string) => (await collect()).find((family) => family.name === name)?.values;
  expect(await shown('latchkey_log_records_delivered_total')).toEqual([{ labels: { type: 'gcs_bucket' }, value: 6 }]);
  expect(await shown('latchkey_log_records_queued')).toEqual([{ labels: { type: 'gcs_bucket' }, value: 2 }]);
  expect(await shown('latchkey_log_oldest_seconds')).toEqual([{ labels: { type: 'gcs_bucket' }, value: 3 }]);
  expect(await shown('latchkey_log_destinations_failing')).toEqual([{ labels: { type: 'gcs_bucket' }, value: 1 }]);
  stats = [];
  expect(await shown('latchkey_log_records_delivered_total')).toEqual([{ labels: { type: 'gcs_bucket' }, value: 6 }]);
  stats = [queue('a', { delivered: 2 })];
  expect(await shown('latchkey_log_records_delivered_total')).toEqual([{ labels: { type: 'gcs_bucket' }, value: 8 }]);
});
