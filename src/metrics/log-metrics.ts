import type { SinkStats } from '../sinks/sinks.ts';
import { type CollectMetrics, counter, gauge, type MetricValue } from './metric-family.ts';

const COUNTED = {
  delivered: 'Records of calls that log destinations have taken.',
  retried: 'Deliveries to log destinations that failed and are tried again.',
  dropped: 'Records of calls given up because the disk or the limit of the spools was full.',
  dead: 'Records of calls that a log destination refused for what they are.',
} as const;
type Counted = keyof typeof COUNTED;
const NAMES = Object.keys(COUNTED) as Counted[];

/**
 * By type of destination: there may be one for every key. A queue that nobody uses is closed and its figures begin anew,
 * so what it has counted is added up here, from scrape to scrape.
 */
export function collectLogMetrics(stats: () => readonly SinkStats[]): CollectMetrics {
  const totals = new Map<string, Record<Counted, number>>();
  let before = new Map<string, SinkStats>();
  return () => {
    const present = stats();
    const waiting = new Map<string, { queued: number; oldestMs: number; failing: number }>();
    for (const queue of present) {
      const total = totals.get(queue.type) ?? { delivered: 0, retried: 0, dropped: 0, dead: 0 };
      const last = before.get(queue.destinationId);
      for (const name of NAMES) {
        // Less than before: it has been closed and opened again since.
        const known = last === undefined || last[name] > queue[name] ? 0 : last[name];
        total[name] += queue[name] - known;
      }
      totals.set(queue.type, total);
      const sum = waiting.get(queue.type) ?? { queued: 0, oldestMs: 0, failing: 0 };
      sum.queued += queue.queued;
      sum.oldestMs = Math.max(sum.oldestMs, queue.oldestMs);
      if (queue.failure !== null) sum.failing += 1;
      waiting.set(queue.type, sum);
    }
    before = new Map(present.map((queue) => [queue.destinationId, queue]));
    const ofTypes = (read: (type: string) => number): MetricValue[] =>
      [...totals.keys()].map((type) => ({ labels: { type }, value: read(type) }));
    return [
      ...NAMES.map((name) =>
        counter(
          `latchkey_log_records_${name}_total`,
          COUNTED[name],
          ofTypes((type) => totals.get(type)?.[name] ?? 0),
        ),
      ),
      gauge(
        'latchkey_log_records_queued',
        'Records of calls that wait on disk for log destinations.',
        ofTypes((type) => waiting.get(type)?.queued ?? 0),
      ),
      gauge(
        'latchkey_log_oldest_seconds',
        'How long the oldest of them has waited.',
        ofTypes((type) => (waiting.get(type)?.oldestMs ?? 0) / 1_000),
        'max',
      ),
      gauge(
        'latchkey_log_destinations_failing',
        'Log destinations that take nothing at present.',
        ofTypes((type) => waiting.get(type)?.failing ?? 0),
      ),
    ];
  };
}
