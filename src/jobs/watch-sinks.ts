import { MINUTE_MS } from '../core/duration.ts';
import type { SinkStats } from '../sinks/sinks.ts';

/** Shorter failures are mended by trying again, and nobody is told. */
const PATIENCE_MS = MINUTE_MS;

/** What is to be known of one destination. */
type SinkState = Pick<SinkStats, 'type' | 'isGlobal' | 'failure' | 'queued' | 'oldestMs' | 'dropped'>;

/**
 * Tells of kinds of log sinks that have taken nothing for a minute while records wait, and of those that take records again.
 * One report for all destinations of a kind, without their addresses and words: keys may have thousands of them. Those of the
 * configuration are a kind by themselves: what one key has wrong must not hide that everybody's records wait.
 */
export function createSinkWatch(deps: {
  stats(): readonly SinkState[];
  report(what: string, isAway: boolean, reason?: string): void;
  nowMs(): number;
}): () => void {
  /** Since when each kind is failing without a break. */
  const failingSince = new Map<string, number>();
  return () => {
    const nowMs = deps.nowMs();
    const all = deps.stats();
    for (const kind of new Set([...all.map(kindOf), ...failingSince.keys()])) {
      const bad = all.filter((stats) => kindOf(stats) === kind && stats.failure !== null);
      if (bad.length === 0) {
        failingSince.delete(kind);
        deps.report(kind, false);
        continue;
      }
      const sinceMs = failingSince.get(kind) ?? nowMs;
      failingSince.set(kind, sinceMs);
      if (nowMs - sinceMs < PATIENCE_MS && bad.every(({ oldestMs }) => oldestMs < PATIENCE_MS)) continue;
      const sum = (field: 'queued' | 'dropped') => bad.reduce((total, stats) => total + stats[field], 0);
      const lines = [`Destinations: ${bad.length}`, `Waiting: ${sum('queued')}`, `Dropped: ${sum('dropped')}`];
      deps.report(kind, true, lines.join('\n'));
    }
  };
}

/** As people read it. */
function kindOf({ type, isGlobal }: SinkState): string {
  return isGlobal ? `Sink ${type}` : `Sink ${type} of Keys or Teams`;
}
