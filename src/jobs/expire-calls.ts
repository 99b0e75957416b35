import { addDuration, DAY_MS, durationSeconds, parseDuration, SECOND_MS } from '../core/duration.ts';

/** Small enough that bills never wait long for it. */
const BATCH = 1_000;
/** Of one run, so that whoever stops the process does not wait for it; with the pauses between the runs a day is gone in minutes. */
const BATCHES = 5;

/** How long rows of calls are kept, and how often those past it are looked for; both as `30d`. */
export interface CallRetention {
  period: string;
  interval: string;
}

/**
 * Takes away the rows of calls that began on a UTC day which ended longer ago than the retention: some at every run, and
 * once none are left, the next time after the interval. Runs in every process; the one that is at it keeps the others out.
 */
export function createCallExpiry(deps: {
  /** Takes away no more than `limit` rows of calls that began before, the oldest first; says how many. */
  expire(bounds: { beforeMs: number; limit: number }): Promise<number>;
  /** Drops days that are wholly before, where calls stand in a table for each; says how many rows went. */
  dropDays(beforeMs: number): Promise<number>;
  /** Null: rows are kept for good. */
  retention(): CallRetention | null;
  nowMs(): number;
  /** Told once for each time that rows went away. */
  onExpired(rows: number, beforeMs: number): void;
}): () => Promise<void> {
  let dueAtMs = Number.NEGATIVE_INFINITY;
  let expired = 0;
  return async () => {
    const retention = deps.retention();
    if (retention === null || deps.nowMs() < dueAtMs) return;
    const beforeMs = expiryBound(deps.nowMs(), retention.period);
    expired += await deps.dropDays(beforeMs);
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const rows = await deps.expire({ beforeMs, limit: BATCH });
      expired += rows;
      if (rows < BATCH) {
        if (expired > 0) deps.onExpired(expired, beforeMs);
        expired = 0;
        dueAtMs = deps.nowMs() + (durationSeconds(retention.interval, deps.nowMs()) ?? 0) * SECOND_MS;
        return;
      }
    }
  };
}

/** The beginning of the UTC day that is `period` ago: what began before it has expired. */
function expiryBound(nowMs: number, period: string): number {
  const duration = parseDuration(period);
  if (duration === undefined) throw new RangeError(`${period} is no duration`);
  // A month is as long as the longest, so that nothing goes early.
  const lengthMs = duration.unit === 'mo' ? duration.count * 31 * DAY_MS : addDuration(0, duration);
  return Math.floor((nowMs - lengthMs) / DAY_MS) * DAY_MS;
}
